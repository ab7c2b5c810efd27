import { randomUUID } from 'node:crypto'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newDelivery, type DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { newReplay } from '../../shared/deliveries/replay-store.ts'
import { newCloudEvent } from '../../shared/events/cloud-event.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import type { Services } from '../../shared/services.ts'
import type { Change } from '../../shared/subscriptions/subscription-changes.ts'
import {
  isSubscription,
  type SubscriptionDocument,
} from '../../shared/subscriptions/subscription.ts'

/** The stores under test. */
export interface Subject {
  stores: Pick<Services, 'events' | 'deliveries' | 'subscriptions' | 'replays'>
  /** Waits for a call of theirs. */
  finish: <T>(call: Promise<T>) => Promise<T>
}

/** What the delivery machine relies on in its stores: registers one test for each. */
export function testStores(name: string, open: () => Promise<Subject>): void {
  test(`${name}: events`, async () => events(await open()))
  test(`${name}: deliveries`, async () => deliveries(await open()))
  test(`${name}: subscriptions`, async () => subscriptions(await open()))
  test(`${name}: replays`, async () => replays(await open()))
}

const RESOURCE = 'urn:altinn:resource:app_ttd_app'
const id = (place: number) => `00000000-0000-7000-8000-${String(place).padStart(12, '0')}`

function eventDocument(place: number, pending?: number): EventDocument {
  const publisher = { org: 'ttd', app: 'app' }
  const draft = { type: 'created', source: 'https://ttd.example.org/ttd/app', subject: '/party/1' }
  return {
    v: 1,
    id: id(place),
    resource: RESOURCE,
    subject: '/party/1',
    ...(pending !== undefined && { pending }),
    traceparent: '00-1-1-01',
    event: newCloudEvent({ ...draft, specversion: '1.0' }, publisher, id(place)),
  }
}

async function events({ stores: { events: store }, finish }: Subject): Promise<void> {
  const reference = { v: 1 as const, event: id(3), resource: RESOURCE, subject: '/party/1' }
  const traced = { ...reference, traceparent: '00-1-1-01' }
  assert.equal(await finish(store.find(traced)), undefined)
  const added = await finish(store.add(eventDocument(3, 300)))
  assert.equal(added.outcome, 'created')
  assert.equal((await finish(store.add(eventDocument(3)))).outcome, 'exists')
  for (const [place, pending] of [
    [1, 200],
    [2, undefined],
    [4, 100],
  ] as const)
    await finish(store.add(eventDocument(place, pending)))

  // Overdue: the longest first, none whose time has not come, none that is fanned out.
  const overdue = await finish(store.overdue(299))
  assert.deepEqual(
    overdue.map((each) => each.id),
    [id(4), id(1)],
  )
  assert.deepEqual(await finish(store.pending()), [id(4), id(1), id(3)])

  // A claim moves it; whoever claims by what was read before changes nothing.
  const [first] = overdue
  assert.ok(first)
  assert.equal((await finish(store.claim(first, 400))).outcome, 'written')
  assert.equal((await finish(store.claim(first, 500))).outcome, 'changed')
  const claimed = await finish(store.find({ ...traced, event: id(4) }))
  assert.equal(claimed?.pending, 400)
  assert.equal(claimed.redrives, 1)

  const session = added.session === undefined ? {} : { session: added.session }
  const found = await finish(store.find({ ...traced, ...session }))
  assert.ok(found)
  if (added.outcome === 'created') assert.equal(found._etag, added.etag)
  const at = '2030-01-01T00:00:00.000Z'
  assert.equal((await finish(store.markFannedOut(found, 2, at))).outcome, 'written')
  assert.equal((await finish(store.markFannedOut(found, 3, at))).outcome, 'changed')
  const marked = await finish(store.find(traced))
  assert.deepEqual(marked?.fanOut, { count: 2, at })
  assert.ok(!('pending' in marked))

  // By id, after (exclusive), until (exclusive), at most, until enough is taken.
  const read = async (after: number, until: number, most: number, enough = Infinity) => {
    const taken: string[] = []
    const take = (document: { id: string }) => taken.push(document.id) < enough
    const bounds = { after: id(after), until: id(until), most }
    const last = await finish(store.ofResource(RESOURCE, bounds, take))
    const inScope: string[] = []
    const takeId = (document: { id: string }) => inScope.push(document.id) < enough
    await finish(store.in({ resource: RESOURCE, subject: '/party/1' }, bounds, takeId))
    assert.deepEqual(inScope, taken)
    assert.equal(last?.id, taken.at(-1))
    return taken
  }
  assert.deepEqual(await read(1, 4, 10), [id(2), id(3)])
  assert.deepEqual(await read(0, 9, 3), [id(1), id(2), id(3)])
  assert.deepEqual(await read(0, 9, 10, 2), [id(1), id(2)])
  assert.deepEqual(await read(4, 9, 10), [])
}

const delivery = (number: number, place: number, due?: number): DeliveryDocument => ({
  ...newDelivery(eventDocument(place), { number, consumer: '/org/ttd', id: 'a' }),
  ...(due !== undefined && { state: 'waiting', due }),
})

async function deliveries({ stores: { deliveries: store }, finish }: Subject): Promise<void> {
  const added = await finish(store.add(delivery(7, 2, 200)))
  assert.equal(added.outcome, 'created')
  const again = await finish(store.add(delivery(7, 2)))
  assert.equal(again.outcome, 'exists')
  await finish(store.add(delivery(7, 1, 300)))
  await finish(store.add(delivery(8, 1, 100)))
  for (const place of [5, 3, 4]) await finish(store.add(delivery(7, place)))

  assert.equal(await finish(store.find('9', id(2))), undefined)
  const found = await finish(store.find('7', id(2), added.session))
  assert.ok(found)
  if (added.outcome === 'created') assert.equal(found._etag, added.etag)
  assert.ok(found._ts > 0)

  const overdue = await finish(store.overdue(299))
  assert.deepEqual(
    overdue.map((each) => [each.subscription, each.due]),
    [
      ['8', 100],
      ['7', 200],
    ],
  )
  assert.equal(await finish(store.oldestDue()), 100)

  const page = async (after: number, count: number) =>
    (await finish(store.page('7', 'backlog', id(after), count))).map((each) => each.id)
  assert.deepEqual(await page(0, 10), [id(3), id(4), id(5)])
  assert.deepEqual(await page(3, 1), [id(4)])
  assert.deepEqual(await page(5, 10), [])
  assert.equal(await finish(store.count('7', 'backlog', 10)), 3)
  assert.equal(await finish(store.count('7', 'backlog', 2)), 2)

  // If-Match, from write to write; a member that is left out is gone.
  const { due: _due, ...rest } = found
  const written = await finish(store.save({ ...rest, state: 'dead', deadAt: 900 }))
  assert.equal(written.outcome, 'written')
  const lost = await finish(store.save({ ...found, state: 'delivered' }))
  assert.equal(lost.outcome, 'changed')
  const saved = await finish(store.find('7', id(2), lost.session))
  assert.equal(saved?.state, 'dead')
  assert.ok(!('due' in saved))
  if (written.outcome === 'written') {
    const next = { ...saved, _etag: written.etag, run: 1 }
    assert.equal((await finish(store.save(next))).outcome, 'written')
  }
  assert.equal(await finish(store.deadSince(900)), 1)
  assert.equal(await finish(store.deadSince(901)), 0)

  // What is not there has changed. A token of another document is taken.
  assert.equal((await finish(store.save({ ...found, id: id(99) }))).outcome, 'changed')
  assert.ok(await finish(store.find('8', id(1), added.session)))
}

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

async function subscriptions({ stores, finish }: Subject): Promise<void> {
  const { subscriptions: store } = stores
  const numbers = [await finish(store.nextNumber()), await finish(store.nextNumber())]
  assert.deepEqual(numbers, [1, 2])
  const added = await finish(store.add(subscription(1)))
  assert.equal(added.outcome, 'created')
  assert.equal((await finish(store.add(subscription(1)))).outcome, 'exists')
  await finish(store.add(subscription(3)))
  const draining = { state: 'draining' as const, opens: 0, lease: lease(200) }
  await finish(store.add({ ...subscription(2, '/org/skd'), circuit: draining }))

  // Every write sets `wake`, and clears it.
  const first = await finish(store.find('/org/ttd', 's1', added.session))
  assert.ok(isSubscription(first))
  assert.equal(first.wake, undefined)
  const validation = { attempt: 0, due: 100, source: 'https://example.org' }
  const written = await finish(store.save({ ...first, validation }))
  assert.equal(written.outcome, 'written')
  assert.equal((await finish(store.save(first))).outcome, 'changed')
  const due = async (now: number) => (await finish(store.overdue(now))).map((each) => each.number)
  assert.deepEqual(await due(99), [])
  assert.deepEqual(await due(200), [1, 2])
  const second = await finish(store.find('/org/skd', 's2'))
  assert.ok(isSubscription(second))
  const { circuit: _circuit, ...closed } = second
  assert.equal((await finish(store.save(closed))).outcome, 'written')
  assert.deepEqual(await due(200), [1])

  // A tombstone is found by its key, and by nobody who looks for a subscription.
  const third = await finish(store.find('/org/ttd', 's3'))
  assert.ok(third)
  const { id: place, consumer, number, _etag, _ts } = third
  const tombstone = { v: 1 as const, id: place, consumer, number, deleted: true as const }
  const settling = { numbers: [3], since: 1, lease: lease(300) }
  await finish(store.save({ ...tombstone, ttl: -1, settling, _etag, _ts }))
  const left = await finish(store.find('/org/ttd', 's3'))
  assert.ok(left && 'deleted' in left)
  assert.deepEqual(left.settling, settling)
  assert.equal(await finish(store.byNumber(3)), undefined)
  assert.equal((await finish(store.byNumber(2)))?.id, 's2')
  assert.equal(await finish(store.byNumber(9)), undefined)
  const owned = async (after: number, most: number) => {
    const { found, last } = await finish(store.ofConsumer('/org/ttd', after, most))
    return [found.map((each) => each.number), last]
  }
  assert.deepEqual(await owned(0, 10), [[1], undefined])
  assert.deepEqual(await owned(0, 1), [[1], 1])
  assert.deepEqual(await owned(1, 1), [[], 3]) // the tombstone takes a place
  assert.deepEqual(await owned(3, 1), [[], undefined])
  assert.deepEqual(await due(300), [1, 3])

  // The index hears of all of them, tombstones too, by their numbers.
  const changes: Change[] = []
  const all = store.changedSince(0)
  await finish(readAll(all, changes))
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
  await finish(readAll(store.changedSince(latest + 1), later))
  assert.deepEqual(later, [])
}

async function readAll<T>(pages: AsyncIterable<T[]>, into: T[]): Promise<void> {
  for await (const page of pages) into.push(...page)
}

async function replays({ stores: { replays: store }, finish }: Subject): Promise<void> {
  const request = {
    only: 'all' as const,
    from: '2030-01-01T00:00:00.000Z',
    to: '2030-01-02T00:00:00.000Z',
  }
  assert.equal((await finish(store.add(newReplay(id(1), '7', request, 200)))).outcome, 'created')
  assert.equal((await finish(store.add(newReplay(id(1), '7', request, 200)))).outcome, 'exists')
  await finish(store.add(newReplay(id(2), '7', request, 100)))
  await finish(store.add(newReplay(id(3), '8', request, 300)))
  const overdue = async (now: number) => (await finish(store.overdue(now))).map((each) => each.id)
  assert.deepEqual(await overdue(200), [id(2), id(1)])
  const found = await finish(store.find('7', id(2)))
  assert.ok(found)
  const { due: _due, ...over } = found
  assert.equal((await finish(store.save({ ...over, state: 'done' }))).outcome, 'written')
  assert.equal((await finish(store.save(found))).outcome, 'changed')
  assert.deepEqual(await overdue(200), [id(1)])
  assert.equal((await finish(store.find('7', id(2))))?.state, 'done')
  assert.equal(await finish(store.find('8', id(2))), undefined)
}
