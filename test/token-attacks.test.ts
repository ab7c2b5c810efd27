import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, test } from 'node:test'
import { inspect } from 'node:util'
import { exampleEvent } from '../local/example.ts'
import { startApp } from './app.ts'
import { altinnClaims, encode, forge, fromNow, newKey, platformClaims } from './forge.ts'
import { startKeyServer } from './key-server.ts'
import { sendRaw } from './raw-request.ts'
import { assertRefused, contentsOf } from './refusals.ts'
import { createWorld } from './world.ts'

const [server, altinnKey, ttdKey, digdirKey, retired, attacker] = await Promise.all([
  startKeyServer(),
  newKey('ALTINN'),
  newKey('TTD'),
  newKey('DIGDIR'),
  newKey('RETIRED'),
  newKey('ATTACKER'),
])
after(server.stop)
server.serve('altinn', altinnKey)
server.serve('ttd', ttdKey)
server.serve('digdir', digdirKey)
server.serve('attacker', attacker)
const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const world = await createWorld()
const app = await startApp(world, { settings: server.settings, functions: ['publish-event'] })
after(app.stop)

/** Both tokens are attacked alike: by whose key they should be, another issuer's key, and what they say. */
const kinds = {
  altinn: { key: altinnKey, other: ttdKey, claims: altinnClaims },
  platform: { key: ttdKey, other: digdirKey, claims: platformClaims },
}
type Kind = (typeof kinds)['altinn' | 'platform']

const good = {
  altinn: forge(altinnKey, altinnClaims()),
  platform: forge(ttdKey, platformClaims()),
}
const sent = new Set(Object.values(good))

async function publish(tokens: { altinn?: string; platform?: string }): Promise<Response> {
  const { altinn, platform } = { ...good, ...tokens }
  sent.add(altinn).add(platform)
  return app.publish(exampleEvent, {
    Authorization: `Bearer ${altinn}`,
    PlatformAccessToken: platform,
  })
}

const evil = `${server.url}/attacker/jwks`
const withAlg = (alg: string) => (kind: Kind) => forge(kind.key, kind.claims(), { alg })
const byAttacker = (header: object) => (kind: Kind) =>
  forge(attacker, kind.claims(), { kid: kind.key.kid, ...header })
const saying = (payload: unknown) => (kind: Kind) => forge(kind.key, payload)
const claiming = (changes: object) => (kind: Kind) => forge(kind.key, kind.claims(changes))
const withHeader = (header: Record<string, unknown>) => (kind: Kind) =>
  forge(kind.key, kind.claims(), header)
const parts = (kind: Kind) => forge(kind.key, kind.claims()).split('.')
const padding = (length: number) => claiming({ padding: 'x'.repeat(length) })

const attacks: [what: string, make: (kind: Kind) => string][] = [
  ['with alg none and no signature', withAlg('none')],
  ['with alg none and a signature', (kind) => `${withAlg('none')(kind)}${parts(kind)[2]}`],
  ['with alg nOnE', withAlg('nOnE')],
  ['without alg', (kind) => forge(kind.key, kind.claims(), { alg: undefined })],
  ['with HS256 by the public key', withAlg('HS256')],
  ['with RS384', withAlg('RS384')],
  ['with RS512', withAlg('RS512')],
  ['with PS256', withAlg('PS256')],
  [
    'with ES256 by a key of its own',
    ({ key, claims }) =>
      forge({ ...elliptic, kid: key.kid }, claims(), {
        alg: 'ES256',
        jwk: elliptic.publicKey.export({ format: 'jwk' }),
      }),
  ],
  ['whose jku has its key', byAttacker({ jku: evil })],
  ['whose jku has its key, by its own kid', byAttacker({ jku: evil, kid: attacker.kid })],
  ['whose x5u has its key', byAttacker({ x5u: evil })],
  ['whose jwk is its key', byAttacker({ jwk: attacker.jwk })],
  ['whose kid is an address', byAttacker({ kid: evil })],
  ['whose kid is no text', byAttacker({ kid: { $ne: null } })],
  ['with an extension marked critical', withHeader({ crit: ['exp'] })],
  ['with an unencoded payload', withHeader({ b64: false, crit: ['b64'] })],
  ['by a stranger, with the kid of the key', byAttacker({})],
  ["by another issuer's key", ({ other, claims }) => forge(other, claims())],
  [
    "by another issuer's key, with the kid of the key",
    ({ key, other, claims }) => forge(other, claims(), { kid: key.kid }),
  ],
  ['by a key that is no longer in the set', ({ claims }) => forge(retired, claims())],
  [
    'with a tampered payload',
    (kind) => {
      const [header, , signature] = parts(kind)
      return [header, encode(kind.claims({ 'urn:altinn:app': 'apps' })), signature].join('.')
    },
  ],
  [
    'with a tampered header',
    (kind) => {
      const [, payload, signature] = parts(kind)
      return [encode({ alg: 'RS256', kid: kind.key.kid }), payload, signature].join('.')
    },
  ],
  [
    'with a tampered signature',
    (kind) => {
      const [header, payload, signature = ''] = parts(kind)
      return [header, payload, (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1)].join(
        '.',
      )
    },
  ],
  ['cut short', (kind) => parts(kind).join('.').slice(0, -10)],
  ['without its signature', (kind) => parts(kind).slice(0, 2).join('.')],
  ['with an empty signature', (kind) => `${parts(kind).slice(0, 2).join('.')}.`],
  ['with a part too many', (kind) => `${parts(kind).join('.')}.${parts(kind)[2]}`],
  ['in five parts, as if encrypted', (kind) => [...parts(kind), 'eA', 'eA'].join('.')],
  ['with a line after it', (kind) => `${parts(kind).join('.')},x`],
  ['in standard base64', (kind) => `${parts(kind).join('.')}==`],
  ['expired', claiming({ exp: fromNow(-11) })],
  ['expired long ago', claiming({ exp: 1 })],
  ['not valid yet', claiming({ nbf: fromNow(30) })],
  ['without exp', claiming({ exp: undefined })],
  ['whose exp is a text', claiming({ exp: String(Math.trunc(fromNow(300))) })],
  ['whose exp is null', claiming({ exp: null })],
  ['whose exp is a list', claiming({ exp: [fromNow(300)] })],
  ['whose nbf is a text', claiming({ nbf: 'now' })],
  ['whose payload is null', saying(null)],
  ['whose payload is a list', saying([])],
  ['whose payload is a text', saying('"ttd"')],
  ['whose payload is a number', saying(1)],
  ['whose payload is no JSON', saying('pid 01017512345')],
  ['whose header is null', ({ claims }) => `${encode(null)}.${encode(claims())}.eA`],
  ['whose header is a number', ({ claims }) => `${encode(1)}.${encode(claims())}.eA`],
  ['whose header is no JSON', ({ claims }) => `${encode('{')}.${encode(claims())}.eA`],
  ['of 20 KB', padding(15_000)],
]
for (const [what, make] of attacks) {
  test(`401 for an Altinn token ${what}`, async () => {
    await assertRefused(await publish({ altinn: make(kinds.altinn) }), 401)
  })
  test(`403 for a platform token ${what}`, async () => {
    await assertRefused(await publish({ platform: make(kinds.platform) }), 403)
  })
}

test('a token of 60 KB is refused, if only by the server', async () => {
  const large = (kind: Kind) => padding(45_000)(kind)
  assert.equal((await publish({ altinn: large(kinds.altinn) })).status, 431)
  assert.equal((await publish({ platform: large(kinds.platform) })).status, 431)
})

const paths = ['.', '..', '../ttd', './ttd', 'ttd/', '/ttd', 'ttd/../ttd', 'x/../ttd', 'ttd/jwks']
const addresses = ['http://evil', `${server.url}/ttd`, '//evil', 'ttd?x=', 'ttd#', 'ttd\\']
const spellings = ['TTD', 'Ttd', ' ttd', 'ttd\n', 'ttd\0', 'ttd.', '-ttd', 'ttd-', 'ttđ', 'ｔｔｄ']
const odd = ['', ' ', 'ttd%2f', '%74td', '{issuer}', '__proto__', 'constructor', 't'.repeat(65)]
const noTexts = [undefined, null, 1, ['ttd'], { ttd: 'ttd' }]
const issuers = [...paths, ...addresses, ...spellings, ...odd, ...noTexts, 'nobody']
const apps = [undefined, null, '', 1, ['apps-test'], {}, '..', 'apps-test/x', 'ttd/apps-test']
const wrongClaims = [
  ...issuers.map((iss) => ({ iss })),
  ...apps.map((name) => ({ 'urn:altinn:app': name })),
]
for (const changes of wrongClaims)
  test(`403 with ${inspect(changes).slice(0, 80)}, though the key is of ttd`, async () => {
    await assertRefused(await publish({ platform: forge(ttdKey, platformClaims(changes)) }), 403)
  })

test('a token that was accepted, and is remembered, opens nothing for others like it', async () => {
  assert.equal((await publish({})).status, 201)
  for (const name of ['altinn', 'platform'] as const) {
    const [header = '', payload = '', signature = ''] = good[name].split('.')
    const [otherHeader = '', otherPayload = ''] = parts({ ...kinds[name], key: attacker })
    const alike = [
      [header, payload, `${signature.slice(0, -6)}AAAAAA`],
      [header, payload, `B${signature.slice(1)}`],
      [header, otherPayload, signature],
      [otherHeader, payload, signature],
    ]
    for (const token of alike)
      await assertRefused(await publish({ [name]: token.join('.') }), name === 'altinn' ? 401 : 403)
  }
})

test('an app of another issuer has no say for ttd, nor ttd for another issuer', async () => {
  const digdir = forge(digdirKey, platformClaims({ iss: 'digdir' }))
  const { detail } = await assertRefused(await publish({ platform: digdir }), 401)
  assert.equal(
    detail,
    `digdir/apps-test is not authorized to create events for ${exampleEvent.source}`,
  )
})

test('a header that comes twice is refused, whatever stands in it', async () => {
  const authorization: [string, string] = ['Authorization', `Bearer ${good.altinn}`]
  const platform: [string, string] = ['PlatformAccessToken', good.platform]
  const bad = forge(attacker, altinnClaims())
  sent.add(bad)
  const rows: [401 | 403, [string, string][]][] = [
    [401, [authorization, authorization, platform]],
    [401, [authorization, ['authorization', `Bearer ${bad}`], platform]],
    [401, [['AUTHORIZATION', `Bearer ${bad}`], authorization, platform]],
    [403, [authorization, platform, platform]],
    [403, [authorization, platform, ['platformaccesstoken', bad]]],
    [403, [authorization, ['PLATFORMACCESSTOKEN', bad], platform]],
  ]
  const body = JSON.stringify(exampleEvent)
  const rest: [string, string][] = [
    ['Content-Type', 'application/json'],
    ['Content-Length', String(body.length)],
  ]
  for (const [status, headers] of rows)
    await assertRefused(await sendRaw(`${app.api}/app`, [...headers, ...rest], body), status)
  const once = await sendRaw(`${app.api}/app`, [authorization, platform, ...rest], body)
  assert.equal(once.status, 201)
})

test('nothing but the two events with good tokens is stored or queued', async () => {
  assert.deepEqual(await contentsOf(world), { stored: 2, queued: 2 })
})

test('no token leads the app to an address of its own choice', () => {
  const asked = new Set(server.asked)
  asked.delete('/nobody/jwks')
  asked.delete('/constructor/jwks')
  assert.deepEqual([...asked].toSorted(), ['/altinn/jwks', '/digdir/jwks', '/openid', '/ttd/jwks'])
})

test('no line of the log has a token, a part of one or what it says', () => {
  assert.ok(app.lines.some((line) => line.includes('event accepted')))
  const secrets = [...sent]
    .flatMap((token) => token.split('.'))
    .filter(({ length }) => length >= 20)
  assert.ok(secrets.length > attacks.length)
  for (const secret of [...secrets, '01017512345'])
    assert.equal(
      app.lines.find((line) => line.includes(secret)),
      undefined,
    )
})
