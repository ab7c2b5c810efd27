import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Delivery } from '../../local/receiver.ts'
import { createOwnApp } from '../support/own-app.ts'
import { waitForState, operationsOn, operationsSince, recordsOf } from '../support/stored-work.ts'
import { deployedUrl, eventually } from '../support/stores.ts'
import { useApp } from '../support/share.ts'

const skip = deployedUrl !== undefined && 'the sweeps must be its own'
const QUICK_LIMIT = 24
const SLOW_LIMIT = 4
const SLOW_MS = 2200
const QUICK_MS = 600

const startShared = useApp()

async function subscribedApp(name: string) {
  const { stores, receiver, app } = await startShared()
  const own = await createOwnApp(app, receiver, name)
  const { id } = await own.subscribe()
  const allDelivered = async (count: number, seconds: number) => {
    await eventually(`${count} arrived`, () => own.arrivals().length >= count, seconds)
    await eventually(
      `${count} delivered`,
      async () => {
        const records = await recordsOf(stores, id)
        return records.length === count && records.every(({ state }) => state === 'delivered')
      },
      seconds,
    )
  }
  return { ...own, id, stores, receiver, allDelivered }
}

/** The events that arrived, each as often as it did. */
const idsOf = (arrivals: Delivery[]): string[] =>
  arrivals.map(({ event }) => String(event?.id)).toSorted((a, b) => (a < b ? -1 : 1))

/** How many requests were open at once at most, of those that a receiver answers after `ms`. */
function mostOpen(arrivals: { at: Date }[], ms: number): number {
  const times = arrivals.map(({ at }) => at.getTime())
  return Math.max(...times.map((end) => times.filter((at) => at > end - ms && at <= end).length))
}

test('sends 24 requests at once to a quick subscriber and the rest as those end', async () => {
  const { path, receiver, publishMany, allDelivered, arrivals } = await subscribedApp('quick')
  receiver.behave({ delayMs: QUICK_MS }, path)
  const events = await publishMany(30)
  await allDelivered(30, 30)
  assert.deepEqual(idsOf(arrivals()), events)
  assert.ok(mostOpen(arrivals(), QUICK_MS) <= QUICK_LIMIT)
})

test(
  'writes each delivery of a slow subscriber’s backlog when created and when delivered, and sends it once, 4 at a time',
  { skip },
  async () => {
    const { id, path, stores, receiver, publish, publishMany, ...own } = await subscribedApp('slow')
    receiver.behave({ delayMs: SLOW_MS }, path)
    await waitForState(stores, id, await publish(), 'delivered') // it is known to be slow now
    const before = await operationsOn(stores, 'deliveries')
    const events = await publishMany(8)
    await own.allDelivered(9, 30)
    const { create, replace, patch, upsert } = await operationsSince(stores, 'deliveries', before)
    assert.deepEqual([create, replace, patch, upsert], [8, 8, undefined, undefined])
    const arrivals = own.arrivals().slice(1)
    assert.deepEqual(idsOf(arrivals), events)
    assert.ok(mostOpen(arrivals, SLOW_MS) <= SLOW_LIMIT)
  },
)
