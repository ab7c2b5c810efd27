import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { before, suite, test } from 'node:test'
import { QueueSASPermissions, QueueServiceClient, type QueueClient } from '@azure/storage-queue'
import type { Emulators } from '../../local/emulators/emulators.ts'
import { sleepUntil } from '../support/stores.ts'
import { scaleTimeout } from '../support/time-limits.ts'
import { useOwnEmulators } from './own-emulators.ts'

const week = 7 * 24 * 60 * 60
const MOMENT = Math.ceil(scaleTimeout(0.25)) // seconds: longer than what a test does before they have passed

let emulators: Emulators

let service: QueueServiceClient

const start = useOwnEmulators()
before(async () => {
  emulators = await start()
  service = QueueServiceClient.fromConnectionString(emulators.storage)
})

let queues = 0

async function newQueue(): Promise<QueueClient> {
  const queue = service.getQueueClient(`queue-${queues++}`)
  await queue.create()
  return queue
}

async function receive(queue: QueueClient, numberOfMessages = 32, visibilityTimeout = 30) {
  const received = await queue.receiveMessages({ numberOfMessages, visibilityTimeout })
  return received.receivedMessageItems
}

async function receiveOne(queue: QueueClient, visibilityTimeout?: number) {
  const [message] = await receive(queue, 1, visibilityTimeout)
  assert.ok(message, 'there is a message')
  return message
}

/** Returns a moment after all of these times, which are cut to seconds, in ms of the epoch. */
const afterAll = (...times: Date[]) => Math.max(...times.map((time) => time.getTime())) + 1100

/** Asserts that a time, in whole seconds, is so many seconds after something was done between `began` and now. */
function assertIn(seconds: number, began: number, time: Date): void {
  const from = time.getTime() - seconds * 1000
  assert.ok(from > began - 1000 && from <= Date.now(), time.toISOString())
}

const refusal = (statusCode: number, code: string) => ({ statusCode, code })

test('keeps a message for ever with a time to live of -1, and for a week without one', async () => {
  const queue = await newQueue()
  const forEver = await queue.sendMessage('text', { messageTimeToLive: -1 })
  assert.equal(forEver.expiresOn.getUTCFullYear(), 9999)
  const sent = Date.now()
  const { expiresOn } = await queue.sendMessage('text')
  assertIn(week, sent, expiresOn)
})

test('hides a message for at most seven days', async () => {
  const queue = await newQueue()
  const hidden = (visibilityTimeout: number) =>
    queue.sendMessage('text', { visibilityTimeout, messageTimeToLive: -1 })
  const sent = Date.now()
  const { nextVisibleOn } = await hidden(week)
  assertIn(week, sent, nextVisibleOn)
  await assert.rejects(hidden(week + 1), refusal(400, 'OutOfRangeQueryParameterValue'))
  assert.deepEqual(await receive(queue), [])
})

suite('messages over time', { concurrency: true }, () => {
  test('shows a hidden message at its time, with a higher dequeue count', async () => {
    const queue = await newQueue()
    const { nextVisibleOn } = await queue.sendMessage('late', {
      visibilityTimeout: MOMENT,
      messageTimeToLive: -1,
    })
    await queue.sendMessage('now', { messageTimeToLive: -1 })
    const first = await receiveOne(queue, MOMENT)
    assert.deepEqual([first.messageText, first.dequeueCount], ['now', 1])
    assert.deepEqual(await receive(queue), [])
    await sleepUntil(afterAll(nextVisibleOn, first.nextVisibleOn))
    const again = await receive(queue)
    const seen = again.map(({ messageText, dequeueCount }) => `${messageText} ${dequeueCount}`)
    assert.deepEqual(seen.toSorted(), ['late 1', 'now 2'])
  })

  test('a renewed lease has a new receipt, and the old one is invalid', async () => {
    const queue = await newQueue()
    await queue.sendMessage('text', { messageTimeToLive: -1 })
    const { messageId, popReceipt, nextVisibleOn } = await receiveOne(queue, MOMENT)
    const renewed = await queue.updateMessage(messageId, popReceipt, undefined, 3 * MOMENT)
    assert.notEqual(renewed.popReceipt, popReceipt)
    const mismatch = refusal(400, 'PopReceiptMismatch')
    await assert.rejects(queue.deleteMessage(messageId, popReceipt), mismatch)
    await assert.rejects(queue.updateMessage(messageId, popReceipt, 'x', 1), mismatch)
    await sleepUntil(afterAll(nextVisibleOn))
    assert.deepEqual(await receive(queue), [], 'it is hidden until the new time')
    await queue.updateMessage(messageId, renewed.popReceipt ?? '', undefined, 0)
    const message = await receiveOne(queue)
    assert.deepEqual([message.messageText, message.dequeueCount], ['text', 2])
    await queue.deleteMessage(messageId, message.popReceipt)
    const gone = refusal(404, 'MessageNotFound')
    await assert.rejects(queue.deleteMessage(messageId, message.popReceipt), gone)
  })

  test('removes a message when it expires, is cleared, or its queue is deleted', async () => {
    const queue = await newQueue()
    const held = async () => (await queue.getProperties()).approximateMessagesCount
    const { expiresOn } = await queue.sendMessage('short', { messageTimeToLive: 1 })
    await queue.sendMessage('long', { messageTimeToLive: -1 })
    await sleepUntil(afterAll(expiresOn))
    assert.equal((await receiveOne(queue, 1)).messageText, 'long')
    assert.equal(await held(), 1)
    await queue.clearMessages()
    assert.equal(await held(), 0)
    await queue.sendMessage('left', { messageTimeToLive: -1 })
    await queue.delete()
    await assert.rejects(queue.sendMessage('text'), refusal(404, 'QueueNotFound'))
    await queue.create()
    assert.deepEqual(await receive(queue), [])
  })
})

test('an update can change the text', async () => {
  const queue = await newQueue()
  await queue.sendMessage('old', { messageTimeToLive: -1 })
  const { messageId, popReceipt } = await receiveOne(queue)
  await queue.updateMessage(messageId, popReceipt, 'new, with å', 0)
  assert.equal((await receiveOne(queue)).messageText, 'new, with å')
})

test('accepts 48 KiB in base64, and not one byte more', async () => {
  const queue = await newQueue()
  const text = (bytes: number) => Buffer.alloc(bytes, 'a').toString('base64')
  await queue.sendMessage(text(48 * 1024), { messageTimeToLive: -1 })
  const tooLarge = refusal(413, 'RequestBodyTooLarge')
  await assert.rejects(queue.sendMessage(text(48 * 1024 + 1)), tooLarge)
  assert.equal((await receiveOne(queue)).messageText, text(48 * 1024))
})

test('delivers messages in the order sent; a peek takes none', async () => {
  const queue = await newQueue()
  const sent = Array.from({ length: 5 }, (_, i) => String(i))
  for (const text of sent) await queue.sendMessage(text, { messageTimeToLive: -1 })
  const peeked = await queue.peekMessages({ numberOfMessages: 5 })
  assert.deepEqual(
    peeked.peekedMessageItems.map(({ messageText }) => messageText),
    sent,
  )
  const received = await receive(queue)
  assert.deepEqual(
    received.map(({ messageText }) => messageText),
    sent,
  )
  const outOfRange = refusal(400, 'OutOfRangeQueryParameterValue')
  await assert.rejects(receive(queue, 33), outOfRange)
})

test('two concurrent receivers get no message twice', async () => {
  const queue = await newQueue()
  const send = (_: unknown, i: number) => queue.sendMessage(String(i), { messageTimeToLive: -1 })
  await Promise.all(Array.from({ length: 60 }, send))
  const batches = await Promise.all(Array.from({ length: 12 }, () => receive(queue, 5)))
  const texts = batches.flat().map(({ messageText }) => messageText)
  assert.deepEqual([texts.length, new Set(texts).size], [60, 60])
})

test('2,000 held messages do not slow a receive', async () => {
  const [few, many] = [await newQueue(), await newQueue()]
  await fill(few, 100)
  const alone = await fastestReceive(few)
  await fill(many, 2000)
  const held = (await many.getProperties()).approximateMessagesCount ?? 0
  assert.equal(held, 2000)
  const [besides, within] = [await fastestReceive(few), await fastestReceive(many)]
  const slowest = Math.max(besides, within)
  // Azurite's own store takes 25 times as long at 4,000.
  assert.ok(slowest < 6 * alone, `${slowest.toFixed(1)} ms against ${alone.toFixed(1)} ms`)
})

/** By requests that one connection sends at once: the SDK, or a fetch for each, would take as long as the emulator. */
async function fill(queue: QueueClient, count: number): Promise<void> {
  const permissions = QueueSASPermissions.parse('a')
  const expiresOn = new Date(Date.now() + 600_000)
  const url = new URL(queue.generateSasUrl({ permissions, expiresOn }))
  const address = `${url.pathname}/messages${url.search}&messagettl=-1`
  const body = '<QueueMessage><MessageText>text</MessageText></QueueMessage>'
  const requests = Array.from({ length: count }, (_, i) => {
    const hidden = i % 2 === 0 ? '' : '&visibilitytimeout=600'
    const last = i === count - 1 ? 'Connection: close\r\n' : ''
    return `POST ${address}${hidden} HTTP/1.1\r\nHost: ${url.host}\r\n${last}Content-Length: ${body.length}\r\n\r\n${body}`
  })
  const socket = connect(Number(url.port), url.hostname)
  socket.write(requests.join(''))
  const answers = await textOf(socket)
  assert.equal(answers.match(/^HTTP\/1\.1 201 /gm)?.length, count)
}

async function fastestReceive(queue: QueueClient): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < 25; i++) {
    const started = performance.now()
    assert.equal((await receive(queue, 1, 60)).length, 1)
    times.push(performance.now() - started)
  }
  return Math.min(...times) // whatever else the machine does only adds
}

test('rejects another key', async () => {
  const connection = emulators.storage.replace('AccountKey=Eby8', 'AccountKey=Abcd')
  const stranger = QueueServiceClient.fromConnectionString(connection).getQueueClient('queue')
  await assert.rejects(stranger.create(), { statusCode: 403 })
})

test('an account of any name has the published key and its own queues', async () => {
  const queue = await newQueue()
  await queue.sendMessage('text', { messageTimeToLive: -1 })
  const connection = emulators.storage.replaceAll('devstoreaccount1', 'another')
  const same = QueueServiceClient.fromConnectionString(connection).getQueueClient(queue.name)
  await same.create()
  assert.deepEqual(await receive(same), [])
  assert.equal((await receive(queue)).length, 1)
})

test('serves the blob service too', async () => {
  const answer = await fetch(`http://127.0.0.1:${emulators.ports.blob}/devstoreaccount1?comp=list`)
  assert.match(answer.headers.get('server') ?? '', /^Azurite-Blob/)
})
