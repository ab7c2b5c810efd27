// Which connections the webhook client makes, keeps and waits for.
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import {
  client,
  receiver,
  rawServer,
  assertFailed,
  assertAnswered,
  OK,
} from '../support/webhook-client.ts'
import { scaleTimeout } from '../support/time-limits.ts'

test('connections are kept and used again', async (t) => {
  const there = await receiver(t)
  const posts = client({ timeoutMs: 5000 })
  await posts.post(there.url)
  await turn() // the connection is free again a turn after the answer
  await posts.post(there.url)
  const [first, second] = there.deliveries.map(({ remotePort }) => remotePort)
  assert.equal(first, second)
})

test('a path that hangs keeps nobody else at the same origin waiting', async (t) => {
  const there = await receiver(t)
  there.behave({ does: 'hang' }, '/hang')
  const posts = client({ timeoutMs: 10_000 })
  const hanging = Array.from({ length: 96 }, () => posts.post(`${there.url}/hang`))
  await there.waitFor(() => there.deliveries.length === hanging.length, scaleTimeout(10))
  assertAnswered(await posts.post(`${there.url}/well`), 200)
})

test('a kept connection that is closed as a request is sent fails it, and nothing is sent twice', async (t) => {
  let requests = 0
  const url = await rawServer(t, (socket) => {
    socket.on('data', () => {
      requests += 1
      if (requests === 1) socket.write(OK)
      else socket.destroy()
    })
  })
  const posts = client({ timeoutMs: scaleTimeout(5000) })
  assertAnswered(await posts.post(url), 200)
  await turn()
  assertFailed(await posts.post(url), 'reset')
  assert.equal(requests, 2)
})

test('an origin gets 128 connections at most, also while they are made', async (t) => {
  const there = await receiver(t)
  there.behave({ delayMs: 100 })
  const posts = client({ timeoutMs: scaleTimeout(5000) })
  const answers = await Promise.all(Array.from({ length: 300 }, () => posts.post(there.url)))
  for (const answer of answers) assertAnswered(answer, 200)
  assert.ok(there.connections <= 128 + 44, `${there.connections} connections`) // some are replaced before they are free
})

test('whoever waits for a connection fails at the time limit', async (t) => {
  const there = await receiver(t)
  there.behave({ does: 'hang' })
  const posts = client({ timeoutMs: scaleTimeout(500) })
  const answers = await Promise.all(Array.from({ length: 140 }, () => posts.post(there.url)))
  for (const answer of answers) assertFailed(answer, 'timeout')
  assert.ok(there.deliveries.length < answers.length) // the first to end makes room for one that has time left
  there.behave({})
  assertAnswered(await posts.post(there.url), 200)
})

test('an answer before the request is read leaves no connection behind', async (t) => {
  const body = 'x'.repeat(16_000_000) // more than the buffers of both ends take
  const connection = Promise.withResolvers<Socket>()
  const url = await rawServer(t, (socket) => {
    socket.pause().write(OK)
    connection.resolve(socket)
  })
  const posts = client({ timeoutMs: scaleTimeout(5000) })
  assertAnswered(await posts.post(url, body), 200, 'ok')
  const socket = await connection.promise
  await new Promise((resolve) => socket.once('close', resolve).resume())
  assert.ok(socket.bytesRead < body.length, 'the rest was still waiting to be read')
})
