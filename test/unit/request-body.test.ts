import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Problem } from '../../shared/http/problem.ts'
import { readBody, SMALL_BODY } from '../../shared/http/request-body.ts'

const limit = { maxBytes: 4, setting: 'SOME_BYTES' }

/** A request whose body the test sends, and what has become of it. */
function openRequest(headers: Record<string, string> = {}) {
  const seen = { pulled: 0, cancelled: false }
  const { promise, resolve } = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>()
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => resolve(controller),
      pull: () => void seen.pulled++,
      cancel: () => void (seen.cancelled = true),
    },
    { highWaterMark: 0 },
  )
  const request = { headers: new Headers(headers), body }
  const send = async (...chunks: string[]) => {
    const controller = await promise
    for (const chunk of chunks) controller.enqueue(Buffer.from(chunk))
    return controller
  }
  return { request, send, seen }
}

const refusal = (status: number, message: string) => (error: unknown) => {
  assert.ok(error instanceof Problem)
  assert.deepEqual([error.status, error.message], [status, message])
  return true
}

test('a body is read to its end, in whatever pieces it comes', async () => {
  const { request, send } = openRequest()
  const reading = readBody(request, limit)
  const controller = await send('ab', '', 'cd')
  controller.close()
  assert.equal(String(await reading), 'abcd')
  assert.equal((await readBody({ headers: new Headers(), body: null }, limit)).byteLength, 0)
})

test('one that says that it is too long is not read', async () => {
  const { request, seen } = openRequest({ 'content-length': '5' })
  await assert.rejects(
    readBody(request, limit),
    refusal(413, 'The body has 5 bytes; the limit is 4 (SOME_BYTES).'),
  )
  assert.deepEqual(seen, { pulled: 0, cancelled: false })
})

test('one that turns out too long is refused at that byte; the rest is read away', async () => {
  const { request, send, seen } = openRequest()
  await send('abcd', 'e', 'f')
  await assert.rejects(
    readBody(request, { maxBytes: 4 }),
    refusal(413, 'The body is longer than it may be; the limit is 4.'),
  )
  const controller = await send('g')
  await setImmediate()
  assert.equal(controller.desiredSize, 0)
  controller.close()
  await setImmediate()
  assert.equal(seen.cancelled, false, 'its connection can be used again')
})

test('what goes on after the answer is read until the host ends it, however long that takes', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { request, send, seen } = openRequest()
  await send('abcde')
  await assert.rejects(readBody(request, limit), { status: 413 })
  for (let second = 0; second < 10; second++) {
    const controller = await send('f')
    await setImmediate()
    assert.equal(controller.desiredSize, 0, 'it is read')
    t.mock.timers.tick(1000)
  }
  assert.equal(seen.cancelled, false, 'which would leave the connection half read')
})

test('one that breaks off is a 400', async () => {
  const { request, send } = openRequest()
  const reading = readBody(request, limit)
  const controller = await send('a')
  controller.error(new Error('aborted'))
  await assert.rejects(reading, refusal(400, 'The body broke off before its end.'))
})

test('one that dribbles is a 408 after 30 seconds', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { request, send, seen } = openRequest()
  const reading = assert.rejects(
    readBody(request, SMALL_BODY),
    refusal(408, 'The body did not arrive within 30 seconds.'),
  )
  for (let second = 0; second < 29; second++) {
    await send('a')
    t.mock.timers.tick(1000)
    await setImmediate()
  }
  t.mock.timers.tick(1000)
  await reading
  assert.equal(seen.cancelled, false)
})

test('no timer is left behind', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  const { request, send } = openRequest()
  const controller = await send('a')
  controller.close()
  await readBody(request, limit)
  assert.equal(timers(), before)
})

test('a body of more than 16 KB waits until it may be held, once, and a smaller one does not', async () => {
  const held: number[] = []
  const hold = (bytes: number) => Promise.resolve(void held.push(bytes))
  const chunk = 'x'.repeat(10_000)
  const read = async (headers: Record<string, string>, chunks: number) => {
    const { request, send } = openRequest(headers)
    const reading = readBody(request, { maxBytes: 1_000_000, hold })
    const controller = await send(...Array.from({ length: chunks }, () => chunk))
    controller.close()
    assert.equal((await reading).byteLength, chunks * chunk.length)
  }
  await read({}, 1)
  assert.deepEqual(held, [])
  await read({ 'content-length': '30000' }, 3)
  await read({}, 3) // in chunks: nobody knows how many
  assert.deepEqual(held, [30_000, 1_000_000])
})

test('a body that may not be held is not read on', async () => {
  const { request, send } = openRequest()
  const hold = () => Promise.reject(new Problem(503, 'full'))
  const reading = readBody(request, { maxBytes: 1_000_000, hold })
  const controller = await send('x'.repeat(20_000))
  await assert.rejects(reading, refusal(503, 'full'))
  controller.close()
})
