import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
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
  for (; clock.now < 70 * MINUTE; clock.now += 10 * SECOND) {
    assertKeys(await set.find('FIRST'), first)
    await Promise.all(Array.from({ length: 5 }, () => set.renew('FIRST')))
  }
  assert.ok(server.requestedPaths.length > 58 && server.requestedPaths.length <= 71)
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
  for (let kid = 0; clock.now < 70 * MINUTE; clock.now += 10 * SECOND) {
    assertKeys(await set.find('FIRST'), first)
    const flood = Array.from({ length: 5 }, () => set.find(`MADE-UP-${kid++}`))
    for (const keys of await Promise.all(flood)) assertKeys(keys, first)
  }
  assert.ok(server.requestedPaths.length > 40 && server.requestedPaths.length <= 71)
})
