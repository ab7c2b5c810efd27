import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { exampleEvent } from '../../local/example.ts'
import { startFaultProxy } from '../../local/fault-proxy.ts'
import { startReceiver } from '../../local/receiver.ts'
import { inboundQueues } from '../../shared/azure/definitions.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { startApp } from '../support/app.ts'
import { createOwnApp, type Receiver } from '../support/own-app.ts'
import { createTestStores, deployedUrl, eventually, type TestStores } from '../support/stores.ts'
import type { App } from '../support/subscriber.ts'

const skip = deployedUrl !== undefined && 'the processes and stores must be its own'
let receiver: Receiver
before(async () => {
  receiver = await startReceiver()
})
after(() => receiver.stop())
const start = (stores: TestStores, count: number, functions?: string[]) =>
  startApp(stores, {
    settings: { ...stores.settings, INBOUND_QUEUES: String(count) },
    ...(functions && { functions, readsPoison: true }),
  })
const countAll = (stores: TestStores, count: number) =>
  Promise.all(inboundQueues(count).map((name) => stores.countMessages(name)))

/** Publishes events of an app, each about another party, one after another in two lanes, until `stop`. */
function publishSteadily(first: App, headers: Record<string, string>, source: string) {
  const ids: string[] = []
  let current = first
  let party = 0
  const end = new AbortController()
  async function lane(): Promise<void> {
    while (!end.signal.aborted) {
      const event = { ...exampleEvent, source, subject: `/party/${++party}` }
      const answer = await current.publish(event, headers)
      assert.equal(answer.status, 201)
      ids.push(String(await answer.json()))
      await sleep(50)
    }
  }
  const lanes = Promise.all([1, 2].map(lane))
  return {
    ids,
    /** Publishes through another app, and waits until nothing is under way to the one before. */
    async moveTo(next: App): Promise<void> {
      current = next
      await this.more(8)
    },
    more: (count: number) => {
      const wanted = ids.length + count
      return eventually(`${count} more events`, () => ids.length >= wanted, 60)
    },
    async stop(): Promise<void> {
      end.abort()
      await lanes
    },
  }
}

/** Has every event that is not fanned out be overdue. */
async function makeOverdue(stores: TestStores): Promise<number> {
  const waiting = (await stores.documents<EventDocument>('events')).filter(
    ({ pending }) => pending !== undefined,
  )
  for (const { id, resource, subject } of waiting)
    await stores
      .container('events')
      .item(id, [resource, subject])
      .patch([{ op: 'set', path: '/pending', value: 1 }])
  return waiting.length
}

test('growing from 1 queue to 4 and shrinking to 2 under load loses nothing and sends nothing twice', async (t) => {
  if (skip !== false) return t.skip(skip)
  const stores = await createTestStores({ inbound: 4 })
  const one = await start(stores, 1)
  const own = await createOwnApp(one, receiver, 'grows')
  await own.subscribe()
  const load = publishSteadily(one, own.headers, own.source)
  await load.more(60)

  const four = await start(stores, 4)
  await load.moveTo(four)
  await one.stop()
  await load.more(80)
  const earlier = [...load.ids]
  await own.allArrived(earlier, 60)

  const accepting = await start(stores, 4, ['publish-event']) // what it puts into the queues stays there
  await load.moveTo(accepting)
  await eventually('the last that went to the others are fanned out', async () => {
    const counts = await countAll(stores, 4)
    return counts.every((count) => count > 0)
  })
  await four.stop()
  await load.more(60)
  assert.ok(
    (await countAll(stores, 4)).every((count) => count > 5),
    'each has its share',
  )

  const two = await start(stores, 2)
  await load.moveTo(two)
  await accepting.stop()
  await load.more(20)
  await load.stop()
  await eventually('both are empty', async () =>
    (await countAll(stores, 2)).every((count) => count === 0),
  )
  const stranded = (await countAll(stores, 4)).slice(2)
  assert.ok(
    stranded.every((count) => count > 5),
    'nobody listens to the others',
  )
  assert.ok((await makeOverdue(stores)) > 10)
  await two.runTimer('sweep-events')
  await own.allArrived(load.ids, 60)
  assert.deepEqual((await countAll(stores, 4)).slice(2), stranded)
  await two.stop()
  const twice = load.ids.filter((id) => own.arrivals(id).length !== 1)
  assert.deepEqual(twice, [])
  assert.ok(load.ids.length > 220)
})

test('events that are in no store yet go to the first queue, which is always listened to', async (t) => {
  if (skip !== false) return t.skip(skip)
  const stores = await createTestStores({ inbound: 4 })
  const cosmos = await startFaultProxy(stores.settings.Cosmos)
  const settings = { ...stores.settings, Cosmos: cosmos.connection }
  const app = await start({ ...stores, settings }, 4, ['publish-event'])
  t.after(() => Promise.all([app.stop(), cosmos.stop()]))
  cosmos.plan = () => ({ status: 503 })
  const parties = Array.from({ length: 8 }, (_, party) => `/party/${party}`)
  const answers = await Promise.all(
    parties.map((subject) => app.publish({ ...exampleEvent, subject })),
  )
  assert.ok(answers.every(({ status }) => status === 201))
  assert.deepEqual(await countAll(stores, 4), [8, 0, 0, 0])
})

test('a missing queue is named by health and by a sweep that fails, and its events arrive', async (t) => {
  if (skip !== false) return t.skip(skip)
  const stores = await createTestStores()
  const app = await start(stores, 3)
  t.after(app.stop)
  const own = await createOwnApp(app, receiver, 'missing')
  await own.subscribe()
  await own.allArrived(await own.publishMany(12), 30)

  const queue = async () => Object(await (await fetch(`${app.api}/health`)).json()).parts.queue
  const missing = 'events-inbound-1 is missing, events-inbound-2 is missing'
  await eventually('health says so', async () => (await queue()) === missing)
  const [event = ''] = await own.publishMany(1)
  await own.arrived(event)
  await app.runTimer('sweep-events')
  const failed = (line: string) => line.includes('sweep-events') && line.includes(missing)
  await eventually('the sweep has failed', () => app.lines.some(failed))
  assert.equal(
    app.lines.some((line) => line.includes('"sweep.done"')),
    false,
  )
  for (const name of inboundQueues(3).slice(1)) await stores.queue(name).create()
  await eventually('health says so', async () => (await queue()) === 'well')
  await app.runTimer('sweep-events')
  await eventually('it is done', () => app.lines.some((line) => line.includes('"sweep.done"')))
})

test('poison messages of every queue are looked at', async (t) => {
  if (skip !== false) return t.skip(skip)
  const stores = await createTestStores({ inbound: 4 })
  const app = await start(stores, 4, ['keep-poison-events-inbound-3'])
  t.after(app.stop)
  await stores.send('events-inbound-3-poison', 'nonsense')
  const [kept] = await eventually('kept', async () => {
    const all = await stores.documents<{ id: string; queue: string }>('poison')
    return all.length > 0 && all
  })
  assert.equal(kept?.queue, 'events-inbound-3')
})
