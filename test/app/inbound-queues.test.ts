import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { exampleEvent } from '../../local/example.ts'
import { startFaultProxy, type FaultProxy } from '../../local/fault-proxy.ts'
import { startReceiver } from '../../local/receiver.ts'
import { inboundQueues } from '../../shared/azure/definitions.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { startApp, type AppOptions } from '../support/app.ts'
import { createOwnApp, type Receiver } from '../support/own-app.ts'
import { createTestStores, deployedUrl, eventually, type TestStores } from '../support/stores.ts'
import type { App } from '../support/subscriber.ts'

const skip = deployedUrl !== undefined && 'the processes and stores must be its own'
let stores: TestStores
let receiver: Receiver
let cosmos: FaultProxy
let accepting: App // what it puts into the queues stays there
before(async () => {
  if (skip !== false) return
  ;[stores, receiver] = await Promise.all([createTestStores({ inbound: 4 }), startReceiver()])
  cosmos = await startFaultProxy(stores.settings.Cosmos)
  accepting = await start(4, {
    settings: { Cosmos: cosmos.connection },
    functions: ['publish-event', 'keep-poison-events-inbound-3'],
    readsPoison: true,
  })
})
after(async () => {
  if (skip !== false) return
  await Promise.all([accepting.stop(), receiver.stop(), cosmos.stop()])
})
const start = (count: number, { settings, ...options }: AppOptions = {}) =>
  startApp(stores, {
    settings: { ...stores.settings, ...settings, INBOUND_QUEUES: String(count) },
    ...options,
  })
const countAll = (count: number) =>
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
async function makeOverdue(): Promise<number> {
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

test('events that are in no store yet go to the first queue, which is always listened to', async (t) => {
  if (skip !== false) return t.skip(skip)
  t.after(() => void (cosmos.plan = () => undefined))
  cosmos.plan = () => ({ status: 503 })
  const parties = Array.from({ length: 8 }, (_, party) => `/party/${party}`)
  const answers = await Promise.all(
    parties.map((subject) => accepting.publish({ ...exampleEvent, subject })),
  )
  cosmos.plan = () => undefined
  assert.ok(answers.every(({ status }) => status === 201))
  assert.deepEqual(await countAll(4), [8, 0, 0, 0])
  await stores.queue('events-inbound').clearMessages()
})

test('poison messages of every queue are looked at', async (t) => {
  if (skip !== false) return t.skip(skip)
  await stores.send('events-inbound-3-poison', 'nonsense')
  const [kept] = await eventually('kept', async () => {
    const all = await stores.documents<{ id: string; queue: string }>('poison')
    return all.length > 0 && all
  })
  assert.equal(kept?.queue, 'events-inbound-3')
})

test('growing from 1 queue to 4 and shrinking to 3 under load loses nothing and sends nothing twice', async (t) => {
  if (skip !== false) return t.skip(skip)
  const one = await start(1)
  const own = await createOwnApp(one, receiver, 'grows')
  await own.subscribe()
  const load = publishSteadily(one, own.headers, own.source)
  await load.more(20)

  const four = await start(4)
  await load.moveTo(four)
  await one.stop()
  await load.more(30)
  const earlier = [...load.ids]
  await own.allArrived(earlier, 60)

  await load.moveTo(accepting)
  await eventually('the last that went to the others are fanned out', async () => {
    const counts = await countAll(4)
    return counts.every((count) => count > 0)
  })
  await four.stop()
  await load.more(40)
  assert.ok(
    (await countAll(4)).every((count) => count > 2),
    'each has its share',
  )

  const fewer = await start(3)
  t.after(fewer.stop)
  await load.moveTo(fewer)
  await load.more(10)
  await load.stop()
  await eventually('three are empty', async () => (await countAll(3)).every((count) => count === 0))
  const [, , , stranded = 0] = await countAll(4)
  assert.ok(stranded > 2, 'nobody listens to the fourth')
  assert.ok((await makeOverdue()) > 2)
  await fewer.runTimer('sweep-events')
  await own.allArrived(load.ids, 60)
  await eventually('the sweep is done', () =>
    fewer.lines.some((line) => line.includes('"sweep.done"')),
  )
  assert.equal((await countAll(4))[3], stranded)
  const twice = load.ids.filter((id) => own.arrivals(id).length !== 1)
  assert.deepEqual(twice, [])
  assert.ok(load.ids.length > 120)
})

test('a missing queue is named by health and by a sweep that fails, and its events arrive', async (t) => {
  if (skip !== false) return t.skip(skip)
  const others = inboundQueues(3).slice(1)
  await Promise.all(others.map((name) => stores.queue(name).delete()))
  const app = await start(3)
  t.after(app.stop)
  const own = await createOwnApp(app, receiver, 'missing')
  await own.subscribe()
  await own.allArrived(await own.publishMany(12), 30)

  const queue = async () => Object(await (await fetch(`${app.api}/health`)).json()).parts.queue
  const missing = 'events-inbound-1 is missing, events-inbound-2 is missing'
  await eventually('health says so', async () => (await queue()) === missing)
  const [event = ''] = await own.publishMany(1)
  await own.arrived(event)
  const done = () => app.lines.some((line) => line.includes('"sweep.done"'))
  await app.runTimer('sweep-events')
  const failed = (line: string) => line.includes('sweep-events') && line.includes(missing)
  await eventually('the sweep has failed', () => app.lines.some(failed))
  assert.equal(done(), false)
  await Promise.all(others.map((name) => stores.queue(name).create()))
  await eventually('health says so', async () => (await queue()) === 'well')
  await app.runTimer('sweep-events')
  await eventually('it is done', done)
})
