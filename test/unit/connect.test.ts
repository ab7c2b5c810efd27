import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { closedServer, REFUSES, SECOND_SYN_MS, SLOW } from '../support/closed-server.ts'
import { scaleTimeout } from '../support/time-limits.ts'
import { assertAnswered, assertFailed, client, receiver } from '../support/webhook-client.ts'

const WELL = '127.0.0.1'

test('an address that is slow to accept is not given up for one that refuses', async (t) => {
  const slow = await closedServer(t)
  const posts = client({ lookup: async () => [SLOW, REFUSES], timeoutMs: scaleTimeout(5000) })
  const sent = posts.post(`http://webhook.test:${slow.port}/`)
  await sleep(500)
  slow.open()
  const answer = await sent
  assertAnswered(answer, 200, 'slow')
  assert.ok(answer.ms >= SECOND_SYN_MS - 50, `${answer.ms} ms: it was not slow`)
})

test('an address that does not accept gives way to the next', async (t) => {
  const there = await receiver(t, { host: WELL })
  const slow = await closedServer(t, { port: there.port })
  const lookup = async () => [SLOW, REFUSES, WELL]
  const posts = client({ lookup, timeoutMs: scaleTimeout(5000) })
  const answer = await posts.post(`http://webhook.test:${slow.port}/`)
  assertAnswered(answer, 200, '')
  assert.ok(answer.ms >= 240 && answer.ms < scaleTimeout(1000), `${answer.ms} ms`)
  assert.equal(there.deliveries.length, 1)
})

test('one that never accepts takes the whole time limit', async (t) => {
  const slow = await closedServer(t)
  const lookup = async () => [SLOW]
  const url = `http://webhook.test:${slow.port}/`
  assertFailed(await client({ lookup, timeoutMs: 600 }).post(url), 'timeout')
})

test('where every address refuses, the request is refused', async (t) => {
  const there = await receiver(t)
  const lookup = async () => ['127.0.0.4', REFUSES]
  const answer = await client({ lookup }).post(`http://webhook.test:${there.port}/`)
  assertFailed(answer, 'refused')
})
