import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { jwksUriOf } from '../../shared/auth/fetch-keys.ts'
import { eventually } from '../support/stores.ts'
import {
  SECOND,
  MINUTE,
  HOUR,
  first,
  second,
  third,
  start,
  assertKeys,
  givesOnly,
} from '../support/key-sets.ts'

test('accepts keys in padded base64, as Altinn publishes them, and in base64url', async (t) => {
  const { server, set } = await start(t)
  const standard = { ...second.publicKey.export({ format: 'jwk' }), kid: 'SECOND' }
  assert.match(first.jwk.n, /=$/)
  server.serve('ttd', first, { jwk: standard })
  assertKeys(await set.find('FIRST'), first)
  assertKeys(await set.find('SECOND'), second)
})

test('skips entries that are no RSA signing key', async (t) => {
  const { server, set } = await start(t)
  const secret = { kty: 'oct', kid: 'FIRST', k: 'c2VjcmV0', alg: 'HS256' }
  const encrypts = { ...second.jwk, use: 'enc' }
  const garbage = { kty: 'RSA', use: 'sig', kid: 'FIRST' }
  const foreign = [secret, encrypts, garbage, {}].map((jwk) => ({ jwk }))
  server.serve('ttd', ...foreign, first)
  assertKeys(await set.find('FIRST'), first)
  assertKeys(await set.find(undefined), first)
})

const oddities: [what: string, ...entries: unknown[]][] = [
  ['null, text and numbers among the entries', null, 'FIRST', 1, [], [null]],
  ['members that are null', { ...second.jwk, use: null, alg: null, key_ops: null, x5c: null }],
  ['a key of another algorithm', { ...second.jwk, alg: 'HS256' }, { ...third.jwk, alg: 1 }],
  [
    'keys of other kinds',
    { kty: 'EC', crv: 'P-256', x: 'a', y: 'b' },
    { kty: 'OKP', crv: 'X25519' },
  ],
  ['a key of no form', { ...second.jwk, n: 'ä', kid: {} }, { ...second.jwk, e: 65537 }],
  ['a kid that is no text', { ...second.jwk, kid: 7 }],
  ['members with names of JavaScript', JSON.parse('{"__proto__": null, "constructor": 1}')],
]
for (const [what, ...entries] of oddities)
  test(`good keys are found beside ${what}`, async (t) => {
    const { server, set } = await start(t)
    server.answer('/ttd/jwks', { keys: [...entries, first.jwk] })
    assertKeys(await set.find('FIRST'), first)
  })

for (const member of ['use', 'alg', 'key_ops', 'x5c'])
  test(`a key with "${member}": null is a key, and spoils no other`, async (t) => {
    const { server, set } = await start(t)
    server.answer('/ttd/jwks', { keys: [{ ...first.jwk, [member]: null }, second.jwk] })
    assertKeys(await set.find('FIRST'), first)
    assertKeys(await set.find('SECOND'), second)
  })

test('a byte order mark before a key set or an OpenID document changes nothing', async (t) => {
  const { server, set } = await start(t)
  const answerWithMark = (path: string, body: object) =>
    server.answers.set(path, (response) => response.end(`\uFEFF${JSON.stringify(body)}`))
  answerWithMark('/ttd/jwks', { keys: [first.jwk] })
  answerWithMark('/openid', { jwks_uri: 'https://example.no/jwks' })
  assertKeys(await set.find('FIRST'), first)
  assert.equal(await jwksUriOf(`${server.url}/openid`), 'https://example.no/jwks')
})

test('a wrong signature has the set fetched again, at most once a minute', async (t) => {
  const { server, clock, set } = await start(t, first)
  await set.find('FIRST')
  clock.now += 10 * SECOND
  const rotated = { jwk: { ...second.jwk, kid: 'FIRST' } }
  server.serve('ttd', rotated)
  assertKeys(await set.renew('FIRST'), second)
  assertKeys(await set.find('FIRST'), second)
  clock.now += 59 * SECOND
  assertKeys(await set.renew('FIRST'))
  assert.equal(server.requestedPaths.length, 2)
  clock.now += 2 * SECOND
  assertKeys(await set.renew('FIRST'), second)
  assert.equal(server.requestedPaths.length, 3)
})

test('wrong signatures never delay the refresh of known keys', async (t) => {
  const { server, clock, set } = await start(t, first)
  for (; clock.now < 2 * HOUR; clock.now += 10 * SECOND) {
    assertKeys(await set.find('FIRST'), first)
    await Promise.all(Array.from({ length: 5 }, () => set.renew('FIRST')))
  }
  assert.ok(server.requestedPaths.length > 100 && server.requestedPaths.length <= 121)
})

test('without a kid, or with an unknown one, every key of the issuer is given', async (t) => {
  const { set } = await start(t, first, second)
  assertKeys(await set.find('SECOND'), second)
  assertKeys(await set.find(undefined), first, second)
  assertKeys(await set.find('OTHER'), first, second)
})

test('concurrent callers cause one request', async (t) => {
  const { server, set } = await start(t, first)
  const found = await Promise.all(Array.from({ length: 50 }, () => set.find('FIRST')))
  for (const keys of found) assertKeys(keys, first)
  assert.equal(server.requestedPaths.length, 1)
})

test('a key in use for five hours causes five to seven requests', async (t) => {
  const { server, clock, set } = await start(t, first)
  for (; clock.now < 5 * HOUR; clock.now += 30 * SECOND) {
    assertKeys(await set.find('FIRST'), first)
    await turn()
  }
  assert.ok(
    server.requestedPaths.length >= 5 && server.requestedPaths.length <= 7,
    `${server.requestedPaths.length} requests`,
  )
})

test('a refresh within the hour delays nobody', async (t) => {
  const { server, clock, set } = await start(t, first)
  await set.find('FIRST')
  const waiting: ServerResponse[] = []
  server.answers.set('/ttd/jwks', (response) => waiting.push(response))
  clock.now = 51 * MINUTE
  assertKeys(await set.find('FIRST'), first) // although the server has not answered
  const response = await eventually('a request', () => waiting[0])
  assert.equal(server.requestedPaths.length, 2)
  response.end(JSON.stringify({ keys: [second.jwk] }))
  await eventually('the new key', () => givesOnly(set, 'SECOND', second))
})

test('finds a new kid at once, and the next one after a minute', async (t) => {
  const { server, clock, set } = await start(t, first)
  assertKeys(await set.find('FIRST'), first)
  clock.now += 10 * SECOND
  server.serve('ttd', second)
  assertKeys(await set.find('SECOND'), second)
  assert.equal(server.requestedPaths.length, 2)
  server.serve('ttd', third)
  clock.now += 59 * SECOND
  assertKeys(await set.find('THIRD'), second)
  assert.equal(server.requestedPaths.length, 2)
  clock.now += 2 * SECOND
  assertKeys(await set.find('THIRD'), third)
  assert.equal(server.requestedPaths.length, 3)
  assertKeys(await set.find('FIRST'), third) // withdrawn keys are gone
})

test('who comes while a new key is fetched waits for it', async (t) => {
  const { server, clock, set } = await start(t, first)
  await set.find('FIRST')
  clock.now += 10 * SECOND
  server.serve('ttd', first, second)
  for (const found of await Promise.all([set.find('SECOND'), set.find('SECOND')]))
    assertKeys(found, second)
  clock.now += MINUTE
  server.serve('ttd', { jwk: { ...third.jwk, kid: 'FIRST' } })
  for (const found of await Promise.all([set.renew('FIRST'), set.renew('FIRST')]))
    assertKeys(found, third)
  assert.equal(server.requestedPaths.length, 3)
})

test('a flood of unknown kids costs a request a minute and locks out no known key', async (t) => {
  const { server, clock, set } = await start(t, first)
  for (let kid = 0; clock.now < 3 * HOUR; clock.now += 10 * SECOND) {
    assertKeys(await set.find('FIRST'), first)
    const flood = Array.from({ length: 5 }, () => set.find(`MADE-UP-${kid++}`))
    for (const keys of await Promise.all(flood)) assertKeys(keys, first)
  }
  assert.ok(server.requestedPaths.length > 100 && server.requestedPaths.length <= 181)
})

const keys = JSON.stringify({ keys: [second.jwk] })

const overlong = JSON.stringify({ keys: [second.jwk], padding: 'x'.repeat(1_048_576) })

const { publicKey: onCurve } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const elliptic = JSON.stringify({ keys: [{ ...onCurve.export({ format: 'jwk' }), use: 'sig' }] })

const gzip = { 'content-encoding': 'gzip' }

const answers: [what: string, reason: RegExp, (response: ServerResponse) => void][] = [
  [
    'another address',
    /^a redirect \(302\)$/,
    (response) => response.writeHead(302, { location: '/other' }).end(keys),
  ],
  [
    'another address for good',
    /^a redirect \(308\)$/,
    (response) => response.writeHead(308, { location: '/other' }).end(),
  ],
  ['an error with keys', /^status 500$/, (response) => response.writeHead(500).end(keys)],
  ['404', /^status 404$/, (response) => response.writeHead(404).end()],
  ['nothing', /^not JSON$/, (response) => response.end()],
  ['a page', /^not JSON$/, (response) => response.end('<html>Sign in</html>')],
  ['half the keys', /^not JSON$/, (response) => response.end(keys.slice(0, -20))],
  ['null', /^no list of keys$/, (response) => response.end('null')],
  ['a list', /^no list of keys$/, (response) => response.end(`[${keys}]`)],
  ['keys that are no list', /^no list of keys$/, (response) => response.end('{"keys":{"0":{}}}')],
  ['keys that are null', /^no usable key$/, (response) => response.end('{"keys":[null]}')],
  ['no keys', /^no usable key$/, (response) => response.end('{"keys":[]}')],
  ['keys of another kind alone', /^no usable key$/, (response) => response.end(elliptic)],
  ['more than 1 MB', /^more than 1048576 bytes$/, (response) => response.end(overlong)],
  [
    'a gzip bomb',
    /^more than 1048576 bytes$/,
    (response) => response.writeHead(200, gzip).end(gzipSync(overlong)),
  ],
  ['a cut connection', /^no connection: \w+/, (response) => response.destroy()],
]

for (const [what, reason, answer] of answers)
  test(`a key server that answers ${what} changes no key, and is reported: ${reason.source}`, async (t) => {
    const { server, clock, set, reasons } = await start(t)
    server.serve('other', second)
    server.answer('/other', { keys: [second.jwk] })
    server.answers.set('/ttd/jwks', answer)
    assert.equal(await set.find('SECOND'), 'unavailable')
    assert.match(reasons.join(), reason)
    server.serve('ttd', first)
    clock.now += 2 * SECOND
    assertKeys(await set.find('FIRST'), first)
    server.answers.set('/ttd/jwks', answer)
    clock.now += 2 * MINUTE
    assertKeys(await set.find('SECOND'), first)
    assert.deepEqual([...new Set(server.requestedPaths)], ['/ttd/jwks'])
    assert.equal(server.requestedPaths.length, 3)
    assert.equal(reasons.length, 2)
  })

test('an OpenID document must name an http URL, and is not fetched elsewhere', async (t) => {
  const { server } = await start(t)
  const url = `${server.url}/openid`
  assert.equal(await jwksUriOf(url), `${server.url}/altinn/jwks`)
  for (const jwks_uri of [undefined, null, 1, '', 'jwks', 'file:///etc/passwd', 'data:,{}']) {
    server.answer('/openid', { jwks_uri })
    await assert.rejects(jwksUriOf(url))
  }
  const elsewhere = { location: '/elsewhere' }
  server.answer('/elsewhere', { jwks_uri: `${server.url}/altinn/jwks` })
  server.answers.set('/openid', (response) => response.writeHead(302, elsewhere).end())
  await assert.rejects(jwksUriOf(url))
  assert.ok(!server.requestedPaths.includes('/elsewhere'))
})
