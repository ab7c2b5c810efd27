import assert from 'node:assert/strict'
import { eventDocument, id, RESOURCE, type StoresUnderTest } from './contract-fixture.ts'

export async function eventStoreContract({
  stores: { events: store },
  runCall,
}: StoresUnderTest): Promise<void> {
  const reference = { v: 1 as const, event: id(3), resource: RESOURCE, subject: '/party/1' }
  const traced = { ...reference, traceparent: '00-1-1-01' }
  assert.equal(await runCall(store.find(traced)), undefined)
  const added = await runCall(store.add(eventDocument(3, 300)))
  assert.equal(added.outcome, 'created')
  assert.equal((await runCall(store.add(eventDocument(3)))).outcome, 'exists')
  for (const [index, pending] of [
    [1, 200],
    [2, undefined],
    [4, 100],
  ] as const)
    await runCall(store.add(eventDocument(index, pending)))

  // Overdue events: the most overdue first, without those that are due later or fanned out.
  const overdue = await runCall(store.overdue(299))
  assert.deepEqual(
    overdue.map((each) => each.id),
    [id(4), id(1)],
  )
  assert.deepEqual(await runCall(store.pending()), [id(4), id(1), id(3)])

  // A claim postpones an event, and a second claim with the same etag fails.
  const [first] = overdue
  assert.ok(first)
  assert.equal((await runCall(store.claim(first, 400))).outcome, 'written')
  assert.equal((await runCall(store.claim(first, 500))).outcome, 'changed')
  const claimed = await runCall(store.find({ ...traced, event: id(4) }))
  assert.equal(claimed?.pending, 400)
  assert.equal(claimed.redrives, 1)

  const session = added.session === undefined ? {} : { session: added.session }
  const found = await runCall(store.find({ ...traced, ...session }))
  assert.ok(found)
  if (added.outcome === 'created') assert.equal(found._etag, added.etag)
  const at = '2030-01-01T00:00:00.000Z'
  assert.equal((await runCall(store.markFannedOut(found, 2, at))).outcome, 'written')
  assert.equal((await runCall(store.markFannedOut(found, 3, at))).outcome, 'changed')
  const marked = await runCall(store.find(traced))
  assert.deepEqual(marked?.fanOut, { count: 2, at })
  assert.ok(!('pending' in marked))

  // Reads by id between exclusive bounds, at most `max`, and stops when `take` returns false.
  const read = async (after: number, until: number, max: number, enough = Infinity) => {
    const taken: string[] = []
    const take = (document: { id: string }) => taken.push(document.id) < enough
    const bounds = { after: id(after), until: id(until), max }
    const last = await runCall(store.ofResource(RESOURCE, bounds, take))
    const inScope: string[] = []
    const takeId = (document: { id: string }) => inScope.push(document.id) < enough
    await runCall(store.in({ resource: RESOURCE, subject: '/party/1' }, bounds, takeId))
    assert.deepEqual(inScope, taken)
    assert.equal(last?.id, taken.at(-1))
    return taken
  }
  assert.deepEqual(await read(1, 4, 10), [id(2), id(3)])
  assert.deepEqual(await read(0, 9, 3), [id(1), id(2), id(3)])
  assert.deepEqual(await read(0, 9, 10, 2), [id(1), id(2)])
  assert.deepEqual(await read(4, 9, 10), [])

  // The last events before one, the newest first, with what tells who gets them.
  const before = async (after: string, until: number, max: number, subject = '/party/1') =>
    runCall(store.before({ resource: RESOURCE, subject }, { after, before: id(until), max }))
  const { type, source } = eventDocument(3).event
  assert.deepEqual(await before(id(2), 4, 10), [
    { id: id(3), fanOut: { count: 2, at }, type, source },
  ])
  assert.deepEqual(
    (await before('', 4, 2)).map((each) => each.id),
    [id(3), id(2)],
  )
  assert.deepEqual(await before('', 1, 10), [])
  assert.deepEqual(await before('', 9, 10, '/party/2'), [])

  assert.equal((await runCall(store.ofId(RESOURCE, id(3))))?.id, id(3))
  assert.equal(await runCall(store.ofId(`${RESOURCE}x`, id(3))), undefined)

  // Generic events by the publisher's id; one that repeats another is not pending any more.
  for (const place of [7, 6, 8])
    await runCall(
      store.add({ ...eventDocument(place, 100), eventId: place === 8 ? 'other' : 'mine' }),
    )
  const withEventId = await runCall(store.withEventId(RESOURCE, 'mine'))
  assert.deepEqual(
    withEventId.map((each) => each.id),
    [id(6), id(7)],
  )
  const repeat = await runCall(store.find({ ...traced, event: id(7) }))
  assert.ok(repeat)
  assert.equal((await runCall(store.markDuplicate(repeat, id(6)))).outcome, 'written')
  assert.equal((await runCall(store.markDuplicate(repeat, id(6)))).outcome, 'changed')
  const duplicate = await runCall(store.find({ ...traced, event: id(7) }))
  assert.ok(duplicate?.duplicateOf === id(6) && !('pending' in duplicate))
  const [repeated] = await before(id(6), 8, 10)
  assert.equal(repeated?.duplicateOf, id(6))
}
