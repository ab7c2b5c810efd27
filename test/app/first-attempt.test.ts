import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startFaultProxy, type FaultProxy } from '../../local/fault-proxy.ts'
import { startReceiver } from '../../local/receiver.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { startApp } from '../support/app.ts'
import { createOwnApp, type OwnApp, type Receiver } from '../support/own-app.ts'
import { waitForState, operationsOn, operationsSince, recordsOf } from '../support/stored-work.ts'
import { createTestStores, deployedUrl, eventually, type TestStores } from '../support/stores.ts'
import type { App } from '../support/subscriber.ts'

const skip = deployedUrl !== undefined && 'it needs stores of its own'
let stores: TestStores
let receiver: Receiver
let queues: FaultProxy
let app: App
before(async () => {
  ;[stores, receiver] = await Promise.all([createTestStores(), startReceiver()])
  queues = await startFaultProxy(stores.settings.QueueStorage)
  app = await startApp(stores, {
    settings: {
      QueueStorage: queues.connection,
      DELIVERY_TIMEOUT_SECONDS: '60',
    },
  })
})
after(() => Promise.all([app.stop(), receiver.stop(), queues.stop()]))

const areFannedOut = async (events: string[]) => {
  const documents = await stores.documents<EventDocument>('events')
  const done = new Set(documents.filter(({ fanOut }) => fanOut !== undefined).map(({ id }) => id))
  return events.every((event) => done.has(event))
}

const EVENTS = 12
const STORES = ['events', 'deliveries', 'subscriptions']

/** The calls to the stores that events with one subscriber cost, from the request to the answer of the webhook. */
async function costOf(own: OwnApp) {
  const earlier = await Promise.all(STORES.map((each) => operationsOn(stores, each)))
  const isOnQueue = /\/(events-inbound|events-retry|drains)\/messages/
  const onQueues: string[] = []
  queues.plan = ({ method, url }) =>
    void (method !== 'GET' && isOnQueue.test(url) && onQueues.push(`${method} ${url}`))
  const events = await own.publishMany(EVENTS)
  await own.allArrived(events)
  await eventually('fanned out', () => areFannedOut(events))
  await eventually(
    'messages deleted',
    async () => (await stores.countMessages('events-inbound')) === 0,
  )
  queues.plan = () => undefined
  const spent = await Promise.all(
    STORES.map((each, place) => operationsSince(stores, each, earlier[place] ?? {})),
  )
  const onStores = spent.flatMap((each) => Object.values(each)).reduce((sum, each) => sum + each)
  const RECEIVED = EVENTS // a GET hands over each message; the others, which find none, are no event's
  return { spent, calls: (onStores + onQueues.length + RECEIVED) / EVENTS }
}

/** Whether no call was made again: a create that is repeated is followed by a read. */
const isUndisturbed = ({
  calls,
  spent: [ofEvents = {}, ofDeliveries = {}],
}: Awaited<ReturnType<typeof costOf>>) =>
  calls <= 9 && ofEvents['patch'] === EVENTS && Object.keys(ofDeliveries).length === 1

test(
  'an event with one subscriber costs at most nine store calls, and its delivery one write',
  { skip },
  async () => {
    const own = await createOwnApp(app, receiver, 'cost')
    const { id } = await own.subscribe()
    const first = await own.publish()
    await waitForState(stores, id, first, 'delivered')
    await eventually('fanned out', () => areFannedOut([first])) // the last of its calls
    const rounds = [await costOf(own)]
    // A machine that stands still for 2 s has every call that is open made again: then one more round is measured.
    while (rounds.length < 3 && !rounds.some(isUndisturbed)) rounds.push(await costOf(own))
    const measured = rounds.find(isUndisturbed) ?? rounds.at(-1)
    const [ofEvents, ofDeliveries, ofSubscriptions] = measured?.spent ?? []
    assert.deepEqual(ofDeliveries, { create: EVENTS })
    const { query = 0, ...ofEvent } = ofEvents ?? {}
    assert.deepEqual(ofEvent, { create: EVENTS, read: EVENTS, patch: EVENTS })
    const more = JSON.stringify({ query, ofSubscriptions })
    assert.ok(
      measured !== undefined && measured.calls <= 9,
      `${measured?.calls} calls, with ${more}`,
    )
    assert.deepEqual((await recordsOf(stores, id)).length, rounds.length * EVENTS + 1)
  },
)

test(
  'an endpoint that hangs delays no other, neither for this event nor for the next',
  { skip },
  async () => {
    const own = await createOwnApp(app, receiver, 'hangs')
    const [hanging] = [await own.subscribe(), await own.subscribe('/quick')]
    receiver.behave({ does: 'hang' }, own.path) // for 60 s
    const events: string[] = []
    for (let turn = 0; turn < 4; turn++) {
      events.push(...(await own.publishMany(8)))
      await eventually('they arrive elsewhere', () =>
        events.every((event) => own.arrivals(event, '/quick').length > 0),
      )
    }
    await eventually('fanned out', () => areFannedOut(events))
    assert.equal(own.arrivals(undefined, '/quick').length, events.length, 'each came once')
    const records = await recordsOf(stores, hanging.id)
    assert.equal(records.length, events.length)
    assert.ok(
      records.every(({ attempts }) => attempts.length === 0),
      'not one of its requests is over by then',
    )
    const ATTEMPTED = 24 + 4 // its share while it was not known to be slow, and a drain's of a slow one
    assert.ok(own.arrivals().length <= ATTEMPTED, `${own.arrivals().length} requests`)
  },
)
