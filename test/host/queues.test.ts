// Storage-queue triggers of the local host (local/host): what the real one's listener does.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eventually } from '../support/stores.ts'
import {
  LEASE_SECONDS,
  hostAt,
  createAccount,
  encode,
  runsOf,
  ended,
  type Host,
} from './fixture/queue-account.ts'

type Account = Awaited<ReturnType<typeof createAccount>>
let account: Account
let send: Account['send']
let queue: Account['queue']
let textsOf: Account['textsOf']
let host: Host
const ends: (() => unknown)[] = []
before(async () => {
  account = await createAccount('work', 'binary', 'bad-poison', 'crowd', 'late', 'off')
  ;({ send, queue, textsOf } = account)
  await dequeueThreeTimes('late', 'seen three times')
  for (const sleep of [5000, 5000]) await send('crowd', { sleep })
  await Promise.all(Array.from({ length: 10 }, () => send('crowd', { sleep: 1000 })))
  host = await hostAt({ after: (end) => ends.push(end) }, account.connection)
})
after(() => Promise.all(ends.map((end) => end())))

async function dequeueThreeTimes(name: string, value: unknown): Promise<void> {
  await send(name, value)
  for (let times = 0; times < 3; times += 1) {
    const [message] = (await queue(name).receiveMessages()).receivedMessageItems
    assert.ok(message)
    await queue(name).updateMessage(message.messageId, message.popReceipt, undefined, 0)
  }
}

describe('a queue', { concurrency: true }, () => {
  test('parses a JSON message, passes other text unchanged, and counts its deliveries', async () => {
    const texts = ['123', '"x"', 'true', 'null', '12345678901234567890', 'plain text', '']
    for (const text of texts) await queue('work').sendMessage(Buffer.from(text).toString('base64'))
    const scalars = () =>
      host.entries('work').filter(({ kind, item }) => kind !== undefined && Object(item) !== item)
    const seen = await eventually('all texts', () => scalars().length === texts.length && scalars())
    assert.deepEqual(
      seen.map(({ kind, item }) => `${String(kind)} ${JSON.stringify(item)}`).toSorted(),
      [
        'boolean true',
        'number 123',
        'number 12345678901234567000',
        'object null',
        'string ""',
        'string "plain text"',
        'string "x"',
      ],
    )
    assert.ok(seen.every(({ metadata }) => Object(metadata).dequeueCount === 1))
  })

  test('dataType binary passes the bytes, and the message’s triggerMetadata', async () => {
    const { messageId } = await queue('binary').sendMessage(
      Buffer.from([0, 255]).toString('base64'),
    )
    const [run] = await eventually(
      'the bytes',
      () => host.entries('binary').length > 0 && host.entries('binary'),
    )
    assert.partialDeepStrictEqual(run, { kind: 'buffer', item: { data: [0, 255] } })
    const { popReceipt, dequeueCount, id, ...times } = Object(run?.['metadata'])
    assert.deepEqual([id, dequeueCount], [messageId, 1])
    assert.ok(popReceipt)
    assert.deepEqual(Object.keys(times), ['expirationTime', 'insertionTime', 'nextVisibleTime'])
    for (const time of Object.values(times))
      assert.match(String(time), /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/)
  })

  test('retries a failed message after visibilityTimeout, as a new invocation', async () => {
    await send('work', { mark: 'again', failures: 1 })
    await ended(host, 'work', 'again')
    const [first, second, ...more] = runsOf(host, 'work', 'again')
    assert.deepEqual(more, [])
    assert.ok(Number(second?.['at']) - Number(first?.['at']) >= 1000)
    assert.notEqual(first?.['invocationId'], second?.['invocationId'])
    assert.ok(host.lines.includes('[error] Function.work: Error: failure 1'))
  })

  test('moves a message to the poison queue after maxDequeueCount, its text unchanged', async () => {
    await send('work', { mark: 'poison', failures: 9 })
    const [text] = await eventually(
      'poison',
      async () => {
        const texts = await textsOf('work-poison')
        return texts.length > 0 && texts
      },
      30,
    )
    assert.equal(text, encode({ mark: 'poison', failures: 9 }))
    assert.equal(runsOf(host, 'work', 'poison').length, 3)
    assert.ok(host.lines.some((line) => line.endsWith('goes to work-poison')))
  })

  test('moves a message over the limit or not in base64 to poison unread; fails one that is not UTF-8', async () => {
    const bytes = Buffer.from([0xff, 0xfe]).toString('base64')
    for (const text of ['not base64!', 'abcde', bytes]) await queue('late').sendMessage(text)
    const found = await eventually(
      'four poison messages',
      async () => {
        const texts = await textsOf('late-poison')
        return texts.length === 4 && texts
      },
      30,
    )
    assert.deepEqual(found, [encode('seen three times'), 'not base64!', 'abcde', bytes].toSorted())
    assert.deepEqual(host.entries('late'), [])
    assert.equal(
      host.lines.filter((line) => /Function\.late: .* is not UTF-8/.test(line)).length,
      3,
    )
  })

  test('a poison queue has none of its own: a failed message stays hidden for its lease', async () => {
    await send('bad-poison', { mark: 'bad', failures: 1 })
    await ended(host, 'bad', 'bad')
    const [first, second] = runsOf(host, 'bad', 'bad')
    const gap = Number(second?.['at']) - Number(first?.['at'])
    assert.ok(gap >= LEASE_SECONDS * 900, `it came after ${gap} ms`) // the lease began a moment before the run
    assert.equal(await queue('bad-poison-poison').exists(), false)
  })

  test('renews a lease: a handler that outlives it runs once', async () => {
    await send('work', { mark: 'long', sleep: LEASE_SECONDS * 1000 + 2500 })
    await ended(host, 'work', 'long')
    assert.equal(runsOf(host, 'work', 'long').length, 1)
  })

  test('holds at most newBatchThreshold + batchSize messages', async () => {
    const done = () => host.entries('crowd').filter(({ most }) => most !== undefined)
    const all = await eventually('twelve ends', () => done().length === 12 && done(), 30)
    assert.equal(all.at(-1)?.['most'], 6)
  })

  test('polls no queue of a disabled function', async () => {
    await send('off', { mark: 'untouched' })
    await send('work', { mark: 'after it' })
    await ended(host, 'work', 'after it')
    const { peekedMessageItems } = await queue('off').peekMessages()
    assert.deepEqual(
      peekedMessageItems.map(({ dequeueCount }) => dequeueCount),
      [0],
    )
  })

  test('waits for a missing queue, with one log line', async () => {
    const lines = () => host.lines.filter((line) => line.includes('queue absent: '))
    await eventually('the line', () => lines().length > 0)
    await queue('absent').create()
    await send('absent', { mark: 'at last' })
    await ended(host, 'absent', 'at last')
    assert.deepEqual(lines(), [
      '[warning] Host: queue absent: QueueNotFound',
      '[warning] Host: queue absent: readable',
    ])
  })
})

test('deletes a message that succeeded, after one run', async () => {
  assert.equal(runsOf(host, 'work', 'long').length, 1)
  for (const name of ['work', 'bad-poison', 'crowd', 'late', 'absent', 'binary'])
    await eventually(`${name} is empty`, async () => {
      const { approximateMessagesCount } = await queue(name).getProperties()
      return approximateMessagesCount === 0
    })
})
