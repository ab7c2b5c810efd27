import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { exampleEvent } from '../../local/example.ts'
import { startFaultProxy } from '../../local/fault-proxy.ts'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { newEventId } from '../../shared/events/event-id.ts'
import { startApp } from '../support/app.ts'
import { createWorld, deployed, eventually } from '../support/stores.ts'

// Nothing but the sweep works here, when the test says so: what it sends stays to be seen.
const skip = deployed !== undefined && 'faults need stores of its own'
const world = await createWorld()
const cosmos = await startFaultProxy(world.settings.Cosmos)
const app = await startApp(world, {
  functions: ['publish-event', 'sweep'],
  settings: { Cosmos: cosmos.connection, 'AzureWebJobs.sweep.Disabled': 'true' },
})
after(() => Promise.all([app.stop(), cosmos.stop()]))
beforeEach(async () => {
  cosmos.plan = () => undefined
  await Promise.all(
    ['events-inbound', 'events-retry'].map((name) => world.queue(name).clearMessages()),
  )
})

const resource = 'urn:altinn:resource:app_ttd_apps-test'
const ends = () =>
  app.lines.filter(
    (line) => line.includes('"what":"sweep.done"') || /error.*Function.sweep/.test(line),
  )
async function sweep(): Promise<string> {
  const before = ends().length
  await app.run('sweep')
  return eventually('the end of a sweep', () => ends()[before], 20)
}
async function publishOverdue(subject: string): Promise<string> {
  const id = String(await (await app.publish({ ...exampleEvent, subject })).json())
  const item = world.container('events').item(id, [resource, subject])
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
  redrives: 0,
  attempts: [],
  traceparent: '00-4b54a6a0c9b74bf5afc5e917863f96fd-eb14b06c1f0c3cf8-01',
})

test('an event that cannot be taken keeps no other from being sent again', { skip }, async () => {
  const ids = await Promise.all(['/party/1', '/party/2', '/party/3'].map(publishOverdue))
  await world.queue('events-inbound').clearMessages()
  cosmos.plan = ({ method, url }) =>
    method === 'PATCH' && url.includes(String(ids[0])) ? { status: 500 } : undefined
  assert.match(await sweep(), /1 of 3 failed/)
  assert.equal(await world.waiting('events-inbound'), 2)
  cosmos.plan = () => undefined
  assert.match(await sweep(), /"eventsSent":1/)
})

test(
  'while events cannot be looked for, deliveries are sent again all the same',
  { skip },
  async () => {
    await world.container('deliveries').items.create(waitingDelivery(1))
    cosmos.plan = ({ url }) => (url.endsWith('/colls/events/docs') ? { status: 500 } : undefined)
    assert.match(await sweep(), /failed/)
    assert.equal(await world.waiting('events-retry'), 1)
  },
)

test('two sweeps one right after the other probe a paused subscriber once', { skip }, async () => {
  const now = new Date().toISOString()
  await world.container('subscriptions').items.create({
    v: 1,
    id: 's2',
    consumer: '/org/ttd',
    number: 2,
    endpoint: 'https://subscriber.example/hook',
    filters: { resource },
    createdBy: '/org/ttd',
    created: now,
    validated: now,
    secrets: [{ key: 'whsec_c2VjcmV0' }],
    failingSince: now,
    pausedUntil: Math.floor(Date.now() / 1000) - 1,
    pauses: 1,
    released: 0,
  })
  await world.container('deliveries').items.create(waitingDelivery(2))
  await eventually('a probe', async () => {
    await sweep() // the app's index may be 3 s old
    return (await world.waiting('events-retry')) > 0
  })
  await sweep()
  assert.equal(await world.waiting('events-retry'), 1)
})
