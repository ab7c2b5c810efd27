import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, beforeEach, test } from 'node:test'
import { exampleEvent } from '../../local/example.ts'
import type { FaultProxy } from '../../local/fault-proxy.ts'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { newEventId } from '../../shared/events/event-id.ts'
import { leaseOf } from '../../shared/subscriptions/circuit-breaker.ts'
import type { SubscriptionDocument } from '../../shared/subscriptions/subscription.ts'
import { deployedUrl, eventually, type TestStores } from '../support/stores.ts'
import type { App } from '../support/subscriber.ts'
import { useSweepingApp } from './sweeping-app.ts'

const skip = deployedUrl !== undefined && 'faults need stores of its own'
const sweeps = ['sweep-events', 'sweep-deliveries', 'sweep-subscriptions'] as const
type Sweep = (typeof sweeps)[number]
const startShared = useSweepingApp()
let stores: TestStores
let cosmos: FaultProxy
let app: App
before(async () => {
  if (skip === false) ({ stores, cosmos, app } = await startShared())
})
beforeEach(async () => {
  cosmos.plan = () => undefined
  await Promise.all(
    ['events-inbound', 'events-retry', 'drains'].map((name) => stores.queue(name).clearMessages()),
  )
})

const resource = 'urn:altinn:resource:app_ttd_apps-test'
const endsOf = (sweep: Sweep) =>
  app.lines.filter(
    (line) =>
      line.includes(`"what":"sweep.done","sweep":"${sweep}"`) ||
      (/error/i.test(line) && line.includes(`Function.${sweep}`)),
  )
/** Runs a sweep so many times at once. Returns the line at the end of the first. */
async function run(sweep: Sweep, times = 1): Promise<string> {
  const earlier = endsOf(sweep).length
  await Promise.all(Array.from({ length: times }, () => app.runTimer(sweep)))
  await eventually(`the end of ${sweep}`, () => endsOf(sweep).length === earlier + times, 20)
  return endsOf(sweep)[earlier] ?? ''
}
async function publishOverdue(subject: string): Promise<string> {
  const id = String(await (await app.publish({ ...exampleEvent, subject })).json())
  const item = stores.container('events').item(id, [resource, subject])
  await item.patch([{ op: 'set', path: '/pending', value: 1 }])
  return id
}
const waitingDelivery = (subscription: number): DeliveryDocument => ({
  v: 1,
  id: newEventId(),
  subscription: String(subscription),
  consumer: '/org/ttd',
  subscriptionId: `s${subscription}`,
  resource,
  subject: exampleEvent.subject,
  state: 'waiting',
  run: 0,
  attempt: 0,
  due: 1,
  attempts: [],
  traceparent: '00-4b54a6a0c9b74bf5afc5e917863f96fd-eb14b06c1f0c3cf8-01',
})

/** Adds a subscription whose open circuit is to be probed. */
async function addOpen(): Promise<{ id: string; lease: { token: string; until: number } }> {
  const now = new Date().toISOString()
  const until = Math.floor(Date.now() / 1000) - 1
  const lease = { token: randomUUID(), until }
  const id = '2'.repeat(64)
  await stores.container('subscriptions').items.upsert({
    v: 1,
    id,
    consumer: '/org/ttd',
    number: 2,
    endpoint: 'https://subscriber.example/hook',
    filters: { resource },
    createdBy: '/org/ttd',
    created: now,
    validated: now,
    secrets: [{ key: 'whsec_c2VjcmV0' }],
    circuit: { state: 'open', opens: 1, failingSince: now, reason: 'answered 503', lease },
    due: until,
  })
  return { id, lease }
}

test('a claim that fails prevents no other event from being sent again', { skip }, async () => {
  const ids = await Promise.all(['/party/1', '/party/2', '/party/3'].map(publishOverdue))
  await stores.queue('events-inbound').clearMessages()
  cosmos.plan = ({ method, url }) =>
    method === 'PATCH' && url.includes(String(ids[0])) ? { status: 500 } : undefined
  assert.match(await run('sweep-events'), /1 of 3 failed/)
  assert.equal(await stores.countMessages('events-inbound'), 2)
  cosmos.plan = () => undefined
  assert.match(await run('sweep-events'), /"sent":1/)
})

test('a claim that was stored although its answer is a 503 is sent', { skip }, async () => {
  await publishOverdue('/party/5')
  await stores.queue('events-inbound').clearMessages()
  let claims = 0
  cosmos.plan = ({ method }) => (method === 'PATCH' && claims++ === 0 ? '503 after' : undefined)
  assert.match(await run('sweep-events'), /"sent":1/)
  assert.equal(await stores.countMessages('events-inbound'), 1)
})

test('sends deliveries again even while events cannot be queried', { skip }, async () => {
  await stores.container('deliveries').items.create(waitingDelivery(1))
  cosmos.plan = ({ url }) => (url.endsWith('/colls/events/docs') ? { status: 500 } : undefined)
  assert.match(await run('sweep-events'), /error/i)
  assert.match(await run('sweep-deliveries'), /"sent":1/)
  assert.equal(await stores.countMessages('events-retry'), 1)
})

test(
  'two concurrent sweeps send a due delivery once, and later each time, without an end',
  { skip },
  async () => {
    const delivery = waitingDelivery(3)
    const item = stores.container('deliveries').item(delivery.id, ['3', delivery.id])
    await stores.container('deliveries').items.create(delivery)
    for (const minutes of [1, 2, 4, 8, 16, 32, 60, 60, 60]) {
      await item.patch([{ op: 'set', path: '/due', value: 1 }])
      const began = Math.floor(Date.now() / 1000)
      await run('sweep-deliveries', 2)
      assert.equal(await stores.countMessages('events-retry'), 1)
      await stores.queue('events-retry').clearMessages()
      const { resource: record } = await item.read<DeliveryDocument>()
      assert.equal(record?.state, 'waiting')
      const next = (record.due ?? 0) - minutes * 60
      assert.ok(
        next >= began && next <= Date.now() / 1000,
        `next at ${record.due}, not in ${minutes} min`,
      )
    }
  },
)

test(
  'two concurrent sweeps probe a subscriber with an open circuit once, and a third does not',
  { skip },
  async () => {
    const { lease } = await addOpen()
    await run('sweep-subscriptions', 2)
    await run('sweep-subscriptions')
    assert.equal(await stores.countMessages('drains'), 1)
    const [found] = await stores.documents<SubscriptionDocument>('subscriptions')
    assert.equal(found?.circuit?.state, 'half-open')
    assert.notEqual(leaseOf(found.circuit)?.token, lease.token)
  },
)

test('a sweep claims nothing that it could not send', { skip }, async () => {
  await publishOverdue('/party/4')
  await stores.container('deliveries').items.create(waitingDelivery(4))
  await addOpen()
  const queues = ['events-inbound', 'events-retry', 'drains']
  await Promise.all(queues.map((queue) => stores.queue(queue).delete()))
  for (const [index, sweep] of sweeps.entries())
    assert.match(await run(sweep), new RegExp(`${queues[index]} is missing`))
  await Promise.all(queues.map((queue) => stores.queue(queue).create()))
  for (const sweep of sweeps) assert.match(await run(sweep), /"sent":1/)
})
