import { randomUUID } from 'node:crypto'
import assert from 'node:assert/strict'
import type { Change } from '../../shared/subscriptions/subscription-changes.ts'
import {
  isSubscription,
  type SubscriptionDocument,
} from '../../shared/subscriptions/subscription.ts'
import { RESOURCE, type StoresUnderTest } from './contract-fixture.ts'

const subscription = (number: number, consumer = '/org/ttd'): SubscriptionDocument => ({
  v: 1,
  id: `s${number}`,
  consumer,
  number,
  endpoint: 'https://example.org/hook',
  filters: { resource: RESOURCE },
  createdBy: consumer,
  created: '2030-01-01T00:00:00.000Z',
  secrets: [],
})
const lease = (until: number) => ({ token: randomUUID(), until })

export async function subscriptionStoreContract({
  stores,
  runCall,
}: StoresUnderTest): Promise<void> {
  const { subscriptions: store } = stores
  const numbers = [await runCall(store.nextNumber()), await runCall(store.nextNumber())]
  assert.deepEqual(numbers, [1, 2])
  const added = await runCall(store.add(subscription(1)))
  assert.equal(added.outcome, 'created')
  assert.equal((await runCall(store.add(subscription(1)))).outcome, 'exists')
  await runCall(store.add(subscription(3)))
  const draining = { state: 'draining' as const, opens: 0, lease: lease(200) }
  await runCall(store.add({ ...subscription(2, '/org/skd'), circuit: draining }))

  // Every write sets `due` anew, or removes it.
  const first = await runCall(store.find('/org/ttd', 's1', added.session))
  assert.ok(isSubscription(first))
  assert.equal(first.due, undefined)
  const validation = { attempt: 0, due: 100, source: 'https://example.org' }
  const written = await runCall(store.save({ ...first, validation }))
  assert.equal(written.outcome, 'written')
  assert.equal((await runCall(store.save(first))).outcome, 'changed')
  const due = async (now: number) => (await runCall(store.overdue(now))).map((each) => each.number)
  assert.deepEqual(await due(99), [])
  assert.deepEqual(await due(200), [1, 2])
  const second = await runCall(store.find('/org/skd', 's2'))
  assert.ok(isSubscription(second))
  const { circuit: _circuit, ...closed } = second
  assert.equal((await runCall(store.save(closed))).outcome, 'written')
  assert.deepEqual(await due(200), [1])

  // A tombstone is found by its key, but not by its number.
  const third = await runCall(store.find('/org/ttd', 's3'))
  assert.ok(third)
  const { id: key, consumer, number, _etag, _ts } = third
  const tombstone = { v: 1 as const, id: key, consumer, number, deleted: true as const }
  const cancellation = { deleted: [{ number: 3, since: 1 }], lease: lease(300) }
  await runCall(store.save({ ...tombstone, ttl: -1, cancellation, _etag, _ts }))
  const remaining = await runCall(store.find('/org/ttd', 's3'))
  assert.ok(remaining && 'deleted' in remaining)
  assert.deepEqual(remaining.cancellation, cancellation)
  assert.equal(await runCall(store.byNumber(3)), undefined)
  assert.equal((await runCall(store.byNumber(2)))?.id, 's2')
  assert.equal(await runCall(store.byNumber(9)), undefined)
  const owned = async (after: number, max: number) => {
    const { found, last } = await runCall(store.ofConsumer('/org/ttd', after, max))
    return [found.map((each) => each.number), last]
  }
  assert.deepEqual(await owned(0, 10), [[1], undefined])
  assert.deepEqual(await owned(0, 1), [[1], 1])
  assert.deepEqual(await owned(1, 1), [[], 3]) // a tombstone counts in a page
  assert.deepEqual(await owned(3, 1), [[], undefined])
  assert.deepEqual(await due(300), [1, 3])

  // Changes come in the order of the numbers, tombstones included.
  const changes: Change[] = []
  const all = store.changedSince(0)
  await runCall(readAll(all, changes))
  assert.deepEqual(
    changes.map((each) => [each.number, 'deleted' in each]),
    [
      [1, false],
      [2, false],
      [3, true],
    ],
  )
  const latest = Math.max(...changes.map((each) => each._ts))
  const later: Change[] = []
  await runCall(readAll(store.changedSince(latest + 1), later))
  assert.deepEqual(later, [])
}

async function readAll<T>(pages: AsyncIterable<T[]>, into: T[]): Promise<void> {
  for await (const page of pages) into.push(...page)
}
