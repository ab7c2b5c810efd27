// Storage-queue triggers of the local host (local/host): what the real one's listener does.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, describe, test } from 'node:test'
import { QueueServiceClient } from '@azure/storage-queue'
import { startFaultProxy } from '../../local/fault-proxy.ts'
import { openQueues, pollingDelay } from '../../local/host/queue.ts'
import { describeFunction } from '../../local/host/worker.ts'
import { startHost } from './fixture/host-process.ts'
import { eventually, setting } from '../support/stores.ts'

const LEASE_SECONDS = 5
const queues = {
  batchSize: 4,
  newBatchThreshold: 2,
  maxDequeueCount: 3,
  visibilityTimeout: '00:00:01',
  maxPollingInterval: '00:00:00.500',
}
const args = ['--lease', String(LEASE_SECONDS)]
const options = { host: { extensions: { queues } } }
const hostAt = (connection: string, functions?: string) =>
  startHost({ after }, 'queues.cjs', {
    ...options,
    settings: { HOST_TEST_QUEUES: connection, 'AzureWebJobs.off.Disabled': '1' },
    args: functions === undefined ? args : [...args, '--functions', functions],
  })

/** An account of its own on the shared emulator, with some of the fixture's queues. */
async function createAccount(...names: string[]) {
  const name = `h${randomUUID().replaceAll('-', '').slice(0, 20)}`
  const connection = setting('TEST_STORAGE').replaceAll('devstoreaccount1', name)
  const service = QueueServiceClient.fromConnectionString(connection)
  const queue = (queueName: string) => service.getQueueClient(queueName)
  await Promise.all(names.map((each) => queue(each).create()))
  const send = (queueName: string, value: unknown) => queue(queueName).sendMessage(encode(value))
  async function textsOf(queueName: string) {
    const peeked = await queue(queueName)
      .peekMessages({ numberOfMessages: 32 })
      .catch(() => undefined)
    return peeked?.peekedMessageItems.map(({ messageText }) => messageText).toSorted() ?? []
  }
  return { connection, queue, send, textsOf }
}
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64')

type Host = Awaited<ReturnType<typeof startHost>>
const runsOf = ({ entries }: Host, name: string, mark: string) =>
  entries(name).filter(({ item, kind }) => kind !== undefined && Object(item).mark === mark)
const ended = (host: Host, name: string, mark: string, seconds = 30) =>
  eventually(
    `the end of ${mark}`,
    () => host.entries(name).some(({ done }) => Object(done).mark === mark),
    seconds,
  )

test('a missing connection and a name that no queue can have are faults at the start', () => {
  process.env['HOST_TEST_QUEUES'] = 'UseDevelopmentStorage=true'
  const open = (trigger: { queueName: string; connection?: string }) => () => {
    const bindings = { message: { type: 'queueTrigger', ...trigger } }
    return openQueues(describeFunction({ name: 'f', bindings }, () => undefined))
  }
  const connection = 'HOST_TEST_QUEUES'
  for (const queueName of ['%NAME%', 'under_score', 'two--hyphens', 'ab', 'x'.repeat(64)])
    assert.throws(
      open({ queueName, connection }),
      new RegExp(`^Error: "${queueName}" is no queue's name$`),
    )
  assert.equal(open({ queueName: 'Upper-Case', connection })().queue.name, 'upper-case')
  assert.throws(
    open({ queueName: 'abc', connection: 'NO_SUCH' }),
    /"f": the setting NO_SUCH is missing/,
  )
  assert.throws(open({ queueName: 'abc' }), /the setting AzureWebJobsStorage is missing/)
})

test('polls that find nothing come ever more rarely, up to maxPollingInterval', () => {
  for (const [empty, expected] of [100, 200, 300, 500, 900].entries()) {
    const wait = pollingDelay(empty + 1, 1000)
    const chance = expected === 100 ? 0 : (expected - 100) * 0.2
    assert.ok(wait >= expected - chance && wait <= expected + chance, `${wait} for ${expected}`)
  }
  assert.equal(pollingDelay(6, 1000), 1000)
  assert.equal(pollingDelay(5000, 1000), 1000)
})

const account = await createAccount('work', 'binary', 'bad-poison', 'crowd', 'late', 'off')
const { send, queue, textsOf } = account
await dequeueThreeTimes('late', 'seen three times')
for (const sleep of [5000, 5000]) await send('crowd', { sleep })
await Promise.all(Array.from({ length: 10 }, () => send('crowd', { sleep: 1000 })))
const host = await hostAt(account.connection)

async function dequeueThreeTimes(name: string, value: unknown): Promise<void> {
  await send(name, value)
  for (let times = 0; times < 3; times += 1) {
    const [message] = (await queue(name).receiveMessages()).receivedMessageItems
    assert.ok(message)
    await queue(name).updateMessage(message.messageId, message.popReceipt, undefined, 0)
  }
}

describe('a queue', { concurrency: true }, () => {
  test('a text arrives as the JSON it is, or as it is, and says how often it came', async () => {
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

  test('dataType binary gives the bytes, and the triggerMetadata of the message', async () => {
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

  test('a failed message comes again after visibilityTimeout, as a new invocation', async () => {
    await send('work', { mark: 'again', failures: 1 })
    await ended(host, 'work', 'again')
    const [first, second, ...more] = runsOf(host, 'work', 'again')
    assert.deepEqual(more, [])
    assert.ok(Number(second?.['at']) - Number(first?.['at']) >= 1000)
    assert.notEqual(first?.['invocationId'], second?.['invocationId'])
    assert.ok(host.lines.includes('[error] Function.work: Error: failure 1'))
  })

  test('after maxDequeueCount a message goes to the poison queue, its text unchanged', async () => {
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

  test('what is over the limit or not base64 is poison unseen; other than UTF-8 fails unseen', async () => {
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

  test('a poison queue has none of its own: what fails stays hidden for its lease', async () => {
    await send('bad-poison', { mark: 'bad', failures: 1 })
    await ended(host, 'bad', 'bad')
    const [first, second] = runsOf(host, 'bad', 'bad')
    const gap = Number(second?.['at']) - Number(first?.['at'])
    assert.ok(gap >= LEASE_SECONDS * 900, `it came after ${gap} ms`) // the lease began a moment before the run
    assert.equal(await queue('bad-poison-poison').exists(), false)
  })

  test('a lease is renewed: a handler that runs longer than it runs once', async () => {
    await send('work', { mark: 'long', sleep: LEASE_SECONDS * 1000 + 2500 })
    await ended(host, 'work', 'long')
    assert.equal(runsOf(host, 'work', 'long').length, 1)
  })

  test('at most newBatchThreshold + batchSize messages are in hand', async () => {
    const done = () => host.entries('crowd').filter(({ most }) => most !== undefined)
    const all = await eventually('twelve ends', () => done().length === 12 && done(), 30)
    assert.equal(all.at(-1)?.['most'], 6)
  })

  test('a disabled function does not listen', async () => {
    await send('off', { mark: 'untouched' })
    await send('work', { mark: 'after it' })
    await ended(host, 'work', 'after it')
    const { peekedMessageItems } = await queue('off').peekMessages()
    assert.deepEqual(
      peekedMessageItems.map(({ dequeueCount }) => dequeueCount),
      [0],
    )
  })

  test('a queue that is missing is waited for, with one line in the log', async () => {
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
  test('storage may go and come back; stop waits for what runs, and releases what comes too late', async (t) => {
    const own = await createAccount('work')
    const proxy = await startFaultProxy(own.connection)
    t.after(() => proxy.stop())
    const other = await hostAt(proxy.connection, 'work')
    await proxy.close()
    const lines = () => other.lines.filter((line) => line.includes('queue work: '))
    await eventually('the line', () => lines().length > 0)
    await proxy.open()
    await own.send('work', { mark: 'last', sleep: 2000 })
    await eventually('its start', () => runsOf(other, 'work', 'last').length > 0)
    assert.deepEqual(lines(), [
      '[warning] Host: queue work: ECONNREFUSED',
      '[warning] Host: queue work: readable',
    ])

    let polled = false
    proxy.plan = ({ method }) => {
      polled ||= method === 'GET'
      return method === 'GET' ? { delayMs: 4000 } : undefined
    }
    await eventually('a poll', () => polled)
    await own.send('work', { mark: 'too late' }) // that poll will lease it
    other.stop()
    assert.equal(await other.exitCode, 0)
    assert.ok(other.entries('work').some(({ done }) => Object(done).mark === 'last'))
    assert.deepEqual(runsOf(other, 'work', 'too late'), [])
    const { receivedMessageItems } = await own
      .queue('work')
      .receiveMessages({ numberOfMessages: 32 })
    assert.deepEqual(
      receivedMessageItems.map(({ messageText, dequeueCount }) => [messageText, dequeueCount]),
      [[encode({ mark: 'too late' }), 2]],
    )
  })

  test('a call that hangs ends after 10 s', async (t) => {
    const own = await createAccount('work')
    const proxy = await startFaultProxy(own.connection)
    t.after(() => proxy.stop())
    proxy.plan = () => 'hang'
    const other = await hostAt(proxy.connection, 'work')
    await eventually(
      'the line',
      () => other.lines.includes('[warning] Host: queue work: unreadable'),
      30,
    )
    proxy.plan = () => undefined
    await own.send('work', { mark: 'after all' })
    await ended(other, 'work', 'after all')
  })

  test('an error nobody awaits ends the process; after the lease its message is back', async () => {
    const own = await createAccount('work')
    const other = await hostAt(own.connection, 'work')
    await own.send('work', { mark: 'die', die: true })
    assert.equal(await other.exitCode, 1)
    assert.ok(other.lines.includes('Error: nobody awaits this'))
    assert.equal((await own.textsOf('work')).length, 0)
    const receive = async () => (await own.queue('work').receiveMessages()).receivedMessageItems[0]
    assert.equal((await eventually('the end of the lease', receive)).dequeueCount, 2)
  })
})

test('what succeeded is deleted, and ran once', async () => {
  assert.equal(runsOf(host, 'work', 'long').length, 1)
  for (const name of ['work', 'bad-poison', 'crowd', 'late', 'absent', 'binary'])
    await eventually(`${name} is empty`, async () => {
      const { approximateMessagesCount } = await queue(name).getProperties()
      return approximateMessagesCount === 0
    })
})
