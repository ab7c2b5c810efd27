import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startReceiver } from '../../local/receiver.ts'
import { isSubscription } from '../../shared/subscriptions/subscription.ts'
import { startApp } from '../support/app.ts'
import { createOwnApp } from '../support/own-app.ts'
import { documentAt, store } from '../support/stored-events.ts'
import {
  updateStored,
  waitForState,
  operationsOn,
  operationsSince,
  recordsOf,
  storeBacklog,
  findStored,
} from '../support/stored-work.ts'
import { eventuallyByApi } from '../support/subscriber.ts'
import { createTestStores, deployedUrl, eventually } from '../support/stores.ts'

const skip = deployedUrl !== undefined && 'it needs stores of its own'
const BACKLOG = 220 // more than two pages of a drain
const MAX_CALLS = 12

test(
  `a backlog of ${BACKLOG} costs at most ${MAX_CALLS} store calls per delivery and delays no other subscriber`,
  { skip },
  async (t) => {
    const [stores, receiver] = await Promise.all([createTestStores(), startReceiver()])
    const app = await startApp(stores, { settings: { DELIVERY_RETRY_SECONDS: '3600' } })
    t.after(() => Promise.all([app.stop(), receiver.stop()]))
    const [own, other] = [
      await createOwnApp(app, receiver, 'backlog'),
      await createOwnApp(app, receiver, 'beside'),
    ]
    const { id } = await own.subscribe()
    const beside = await other.subscribe()
    receiver.behave({ status: 503 }, other.path)
    const overdue = await other.publish()
    await waitForState(stores, beside.id, overdue, 'waiting')
    receiver.behave({}, other.path)

    const subscription = await findStored(stores, id)
    assert.ok(isSubscription(subscription))
    const began = Date.now() - 2 * 3_600_000
    const events = Array.from({ length: BACKLOG }, (_, place) =>
      documentAt(began + place * 1000, { app: own.name }),
    )
    await store(stores, events)
    await storeBacklog(stores, subscription, events)
    const containers = ['events', 'deliveries', 'subscriptions']
    const before = await Promise.all(containers.map((each) => operationsOn(stores, each)))
    await updateStored(stores, id, (stored) => ({
      ...stored,
      circuit: { state: 'draining', opens: 0, lease: { token: crypto.randomUUID(), until: 1 } }, // whose lease ran out
    }))
    await app.runTimer('sweep-subscriptions')
    await eventually('it is under way', () => own.arrivals().length > 50)
    const item = stores.container('deliveries').item(overdue, [String(beside.id), overdue])
    await item.patch([{ op: 'set', path: '/due', value: 1 }])
    const since = Date.now()
    await app.runTimer('sweep-deliveries') // as its timer does every 30 s
    await eventually('the other’s retry', () => other.arrivals(overdue).length === 2, 15)
    const waited = (Date.now() - since) / 1000
    const doneMeanwhile = own.arrivals().length
    await eventually('all arrived', () => own.arrivals().length >= BACKLOG, 60)
    await eventuallyByApi('the circuit closes', async () => {
      const { circuit } = await own.read(id)
      return circuit.state === 'closed' && circuit.waiting === '0'
    })
    const spent = await Promise.all(
      containers.map((each, place) => operationsSince(stores, each, before[place] ?? {})),
    )
    const calls = spent.flatMap((each) => Object.values(each)).reduce((sum, each) => sum + each)
    t.diagnostic(
      `${(calls / BACKLOG).toFixed(2)} calls a delivery: ${JSON.stringify(spent)}; the other waited ${waited} s, while ${doneMeanwhile} of ${BACKLOG} arrived`,
    )
    assert.ok(calls / BACKLOG <= MAX_CALLS)
    const records = await recordsOf(stores, id)
    assert.ok(records.every(({ state }) => state === 'delivered'))
    assert.deepEqual([own.arrivals().length, records.length], [BACKLOG, BACKLOG], 'each once')
    assert.ok(waited < 30)
  },
)
