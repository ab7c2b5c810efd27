import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { createTokenVerifier } from '../../shared/auth/token-verifier.ts'
import { altinnClaims, forge } from '../support/forged-tokens.ts'
import { startKeyServer } from '../support/key-server.ts'
import { eventually } from '../support/stores.ts'
import {
  SECOND,
  MINUTE,
  HOUR,
  first,
  second,
  start,
  assertKeys,
  givesOnly,
} from '../support/key-sets.ts'

test('a flood during an outage neither locks out known keys nor delays new ones', async (t) => {
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

test('known keys stay valid for 24 hours of an outage, and return with the key server', async (t) => {
  const { server, clock, set, stop } = await start(t, first)
  assertKeys(await set.find('FIRST'), first)
  await stop()
  for (const hours of [0.9, 1.1, 12, 23.9]) {
    clock.now = hours * HOUR
    assertKeys(await set.find('FIRST'), first)
    assertKeys(await set.find('OTHER'), first)
  }
  clock.now = 24 * HOUR + MINUTE
  assert.equal(await set.find('FIRST'), 'unavailable')
  assert.equal(await set.find(undefined), 'unavailable')
  const again = await startKeyServer({ port: Number(new URL(server.url).port) })
  t.after(again.stop)
  again.serve('ttd', first)
  clock.now += MINUTE
  assertKeys(await set.find('FIRST'), first)
})

test('an address that was never reached is unavailable, without an error, and gets one request a second', async (t) => {
  const { server, clock, set } = await start(t)
  server.answer('/ttd/jwks', {}, 500)
  for (let call = 0; call < 100; call++, clock.now += 100)
    assert.equal(await set.find('FIRST'), 'unavailable')
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

test('a key server that hangs delays nobody after a failed fetch: known keys serve at once', async (t) => {
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
  await eventually('the new key', () => givesOnly(set, 'SECOND', second))
})

test('a failure is reported with its reason and the time of the first in a row, and ends with the next success', async (t) => {
  const { server, clock, set, reasons } = await start(t, first)
  await set.find('FIRST')
  assert.equal(set.failure, undefined)
  server.answer('/ttd/jwks', {}, 503)
  for (const minutes of [60, 61, 62]) {
    clock.now = minutes * MINUTE
    assertKeys(await set.find('FIRST'), first)
    await eventually('a report', () => reasons.length === minutes - 59)
  }
  assert.deepEqual(reasons, ['status 503', 'status 503', 'status 503'])
  assert.equal(Object(set.failure).since, 60 * MINUTE)
  server.serve('ttd', first)
  clock.now += MINUTE
  await set.find('FIRST')
  await eventually('success', () => set.failure === undefined)
})

test('a token whose key cannot be fetched gets no verdict, and one of a known key does', async (t) => {
  const { server, clock, set } = await start(t, first)
  const verify = createTokenVerifier(() => set)
  await set.find('FIRST')
  clock.now += 10 * SECOND
  server.answer('/ttd/jwks', {}, 503)
  const ofNewKey = forge(second, altinnClaims())
  assert.equal(await verify(ofNewKey), 'unavailable')
  clock.now += 10 * SECOND
  assert.equal(await verify(ofNewKey), 'unavailable', 'the minute has not passed')
  assert.equal(await verify(forge({ ...second, kid: 'FIRST' }, altinnClaims())), 'invalid')
  server.serve('ttd', first, second)
  clock.now += MINUTE
  assert.equal(typeof (await verify(ofNewKey)), 'object')
})
