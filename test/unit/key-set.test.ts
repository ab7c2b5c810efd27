import assert from 'node:assert/strict'
import type { KeyObject } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { test, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { createIssuerKeySets } from '../../shared/auth/issuers.ts'
import { createKeySet, jwksUriOf } from '../../shared/auth/key-set.ts'
import { newKey, type SigningKey } from '../support/forged-tokens.ts'
import { startKeyServer } from '../support/key-server.ts'
import { eventually } from '../support/stores.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const all = await Promise.all([newKey('FIRST'), newKey('SECOND'), newKey('THIRD')])
const [first, second, third] = all

/** A key server with the keys of the issuer `ttd`, and a key set of that address with a clock of its own. */
async function start(t: TestContext, ...keys: SigningKey[]) {
  const server = await startKeyServer()
  let running = true
  const stop = async () => {
    if (running) await server.stop()
    running = false
  }
  t.after(stop)
  server.serve('ttd', ...keys)
  const clock = { now: 0 }
  const set = createKeySet(
    async () => `${server.url}/ttd/jwks`,
    () => clock.now,
  )
  return { server, clock, set, stop }
}

/** Asserts which keys were found, in order. */
function assertKeys(found: KeyObject[], ...expected: SigningKey[]): void {
  const kids = found.map((key) => all.find(({ publicKey }) => key.equals(publicKey))?.kid)
  assert.deepEqual(
    kids,
    expected.map(({ kid }) => kid),
  )
}

test('keys in padded base64, as Altinn publishes them, and in base64url are accepted', async (t) => {
  const { server, set } = await start(t)
  const standard = { ...second.publicKey.export({ format: 'jwk' }), kid: 'SECOND' }
  assert.match(first.jwk.n, /=$/)
  server.serve('ttd', first, { jwk: standard })
  assertKeys(await set.find('FIRST'), first)
  assertKeys(await set.find('SECOND'), second)
})

test('entries that are no RSA signing key are passed over', async (t) => {
  const { server, set } = await start(t)
  const secret = { kty: 'oct', kid: 'FIRST', k: 'c2VjcmV0', alg: 'HS256' }
  const encrypts = { ...second.jwk, use: 'enc' }
  const garbage = { kty: 'RSA', use: 'sig', kid: 'FIRST' }
  const foreign = [secret, encrypts, garbage, {}].map((jwk) => ({ jwk }))
  server.serve('ttd', ...foreign, first)
  assertKeys(await set.find('FIRST'), first)
  assertKeys(await set.find(undefined), first)
})

test('without a kid, or with an unknown one, every key of the issuer is given', async (t) => {
  const { set } = await start(t, first, second)
  assertKeys(await set.find('SECOND'), second)
  assertKeys(await set.find(undefined), first, second)
  assertKeys(await set.find('OTHER'), first, second)
})

test('many who ask at once cause one request', async (t) => {
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

test('a refresh within the hour makes nobody wait', async (t) => {
  const { server, clock, set } = await start(t, first)
  await set.find('FIRST')
  const waiting: ServerResponse[] = []
  server.answers.set('/ttd/jwks', (response) => waiting.push(response))
  clock.now = 51 * MINUTE
  assertKeys(await set.find('FIRST'), first) // although the server has not answered
  const response = await eventually('a request', () => waiting[0])
  assert.equal(server.requestedPaths.length, 2)
  response.end(JSON.stringify({ keys: [second.jwk] }))
  await eventually('the new key', async () => {
    const found = await set.find('SECOND')
    return found.length === 1 && found.every((key) => key.equals(second.publicKey))
  })
})

test('a new kid is found at once; the next one when a minute has passed', async (t) => {
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

test('a flood of unknown kids costs a request a minute and locks out no known key', async (t) => {
  const { server, clock, set } = await start(t, first)
  for (let kid = 0; clock.now < 3 * HOUR; clock.now += 10 * SECOND) {
    assertKeys(await set.find('FIRST'), first)
    const flood = Array.from({ length: 5 }, () => set.find(`MADE-UP-${kid++}`))
    for (const keys of await Promise.all(flood)) assertKeys(keys, first)
  }
  assert.ok(server.requestedPaths.length > 100 && server.requestedPaths.length <= 181)
})

test('a flood while the key server is down neither locks out known keys nor delays new ones', async (t) => {
  const { server, clock, set } = await start(t, first)
  await set.find('FIRST')
  server.answer('/ttd/jwks', {}, 503)
  for (; clock.now < 2 * HOUR; clock.now += 10 * SECOND) {
    await set.find('MADE-UP')
    assertKeys(await set.find('FIRST'), first)
  }
  assert.ok(
    server.requestedPaths.length < 1 + 2 * 60 + 60 * 2 + 2,
    `${server.requestedPaths.length} requests`,
  )
  server.serve('ttd', second)
  clock.now += MINUTE
  assertKeys(await set.find('SECOND'), second)
})

test('known keys go on for 24 hours while the key server is down, and come back with it', async (t) => {
  const { server, clock, set, stop } = await start(t, first)
  assertKeys(await set.find('FIRST'), first)
  await stop()
  for (const hours of [0.9, 1.1, 12, 23.9]) {
    clock.now = hours * HOUR
    assertKeys(await set.find('FIRST'), first)
    assertKeys(await set.find('OTHER'), first)
  }
  clock.now = 24 * HOUR + MINUTE
  assertKeys(await set.find('FIRST'))
  assertKeys(await set.find(undefined))
  const again = await startKeyServer({ port: Number(new URL(server.url).port) })
  t.after(again.stop)
  again.serve('ttd', first)
  clock.now += MINUTE
  assertKeys(await set.find('FIRST'), first)
})

test('an address that was never reached gives no keys, no error, and one request a second', async (t) => {
  const { server, clock, set } = await start(t)
  server.answer('/ttd/jwks', {}, 500)
  for (let call = 0; call < 100; call++, clock.now += 100) assertKeys(await set.find('FIRST'))
  assert.ok(
    server.requestedPaths.length >= 8 && server.requestedPaths.length <= 10,
    `${server.requestedPaths.length} requests`,
  )
  assert.equal(set.hasKeys, false)
  server.serve('ttd', first)
  clock.now += SECOND
  assertKeys(await set.find('FIRST'), first)
  assert.equal(set.hasKeys, true)
})

test('a key server that hangs makes nobody wait once a try has failed: known keys serve at once', async (t) => {
  const { server, clock, set } = await start(t, first)
  await set.find('FIRST')
  server.answer('/ttd/jwks', {}, 503)
  clock.now = 2 * HOUR
  assertKeys(await set.find('FIRST'), first)
  const waiting: ServerResponse[] = []
  server.answers.set('/ttd/jwks', (response) => waiting.push(response))
  clock.now += MINUTE
  assertKeys(await set.find('FIRST'), first) // although the server has not answered
  const response = await eventually('a request', () => waiting[0])
  response.end(JSON.stringify({ keys: [second.jwk] }))
  await eventually('the new key', async () => {
    const found = await set.find('SECOND')
    return found.length === 1 && found.every((key) => key.equals(second.publicKey))
  })
})

const keys = JSON.stringify({ keys: [second.jwk] })
const overlong = JSON.stringify({ keys: [second.jwk], padding: 'x'.repeat(1_048_576) })
const gzip = { 'content-encoding': 'gzip' }
const answers: [what: string, (response: ServerResponse) => void][] = [
  ['another address', (response) => response.writeHead(302, { location: '/other' }).end(keys)],
  ['another address for good', (response) => response.writeHead(308, { location: '/other' }).end()],
  ['an error with keys', (response) => response.writeHead(500).end(keys)],
  ['nothing', (response) => response.end()],
  ['a page', (response) => response.end('<html>Sign in</html>')],
  ['half the keys', (response) => response.end(keys.slice(0, -20))],
  ['null', (response) => response.end('null')],
  ['a list', (response) => response.end(`[${keys}]`)],
  ['keys that are no list', (response) => response.end('{"keys":{"0":{}}}')],
  ['keys that are null', (response) => response.end('{"keys":[null]}')],
  ['no keys', (response) => response.end('{"keys":[]}')],
  ['more than 1 MB', (response) => response.end(overlong)],
  ['a gzip bomb', (response) => response.writeHead(200, gzip).end(gzipSync(overlong))],
  ['a cut connection', (response) => response.destroy()],
]
for (const [what, answer] of answers)
  test(`a key server that answers ${what} changes no key and gives none`, async (t) => {
    const { server, clock, set } = await start(t)
    server.serve('other', second)
    server.answer('/other', { keys: [second.jwk] })
    server.answers.set('/ttd/jwks', answer)
    assertKeys(await set.find('SECOND'))
    server.serve('ttd', first)
    clock.now += 2 * SECOND
    assertKeys(await set.find('FIRST'), first)
    server.answers.set('/ttd/jwks', answer)
    clock.now += 2 * MINUTE
    assertKeys(await set.find('SECOND'), first)
    assert.deepEqual([...new Set(server.requestedPaths)], ['/ttd/jwks'])
    assert.equal(server.requestedPaths.length, 3)
  })

test('an OpenID document must name an http address, and is not sought elsewhere', async (t) => {
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

test('made-up issuers do not push out real ones', async (t) => {
  const { server, stop } = await start(t, first)
  const keysFor = createIssuerKeySets({
    jwksUrl: `${server.url}/{issuer}/jwks`,
    issuers: undefined,
  })
  const find = async (iss: string) => (await keysFor({ iss })?.find(undefined)) ?? []
  for (let name = 0; name < 100; name++) assertKeys(await find(`early-${name}`))
  assertKeys(await find('ttd'), first)
  for (let name = 0; name < 250; name++) assertKeys(await find(`late-${name}`))
  await stop()
  assertKeys(await find('ttd'), first)
  assert.equal(server.requestedPaths.filter((path) => path === '/ttd/jwks').length, 1)
})

test('no more than 100 issuers are kept: the first made-up one is asked for again', async (t) => {
  const { server } = await start(t)
  const keysFor = createIssuerKeySets({
    jwksUrl: `${server.url}/{issuer}/jwks`,
    issuers: undefined,
  })
  const kept = keysFor({ iss: 'name-0' })
  for (let name = 1; name < 100; name++) keysFor({ iss: `name-${name}` })
  assert.equal(keysFor({ iss: 'name-0' }), kept)
  keysFor({ iss: 'name-100' })
  assert.notEqual(keysFor({ iss: 'name-0' }), kept)
})
