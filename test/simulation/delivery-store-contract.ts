import assert from 'node:assert/strict'
import { newDelivery, type DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { eventDocument, id, type StoresUnderTest } from './contract-fixture.ts'

const delivery = (number: number, index: number, due?: number): DeliveryDocument => ({
  ...newDelivery(eventDocument(index), { number, consumer: '/org/ttd', id: 'a' }),
  ...(due !== undefined && { state: 'waiting', due }),
})

export async function deliveryStoreContract({
  stores: { deliveries: store },
  runCall,
}: StoresUnderTest): Promise<void> {
  const added = await runCall(store.add(delivery(7, 2, 200)))
  assert.equal(added.outcome, 'created')
  const duplicate = await runCall(store.add(delivery(7, 2)))
  assert.equal(duplicate.outcome, 'exists')
  await runCall(store.add(delivery(7, 1, 300)))
  await runCall(store.add(delivery(8, 1, 100)))
  for (const index of [5, 3, 4]) await runCall(store.add(delivery(7, index)))

  assert.equal(await runCall(store.find('9', id(2))), undefined)
  const found = await runCall(store.find('7', id(2), added.session))
  assert.ok(found)
  if (added.outcome === 'created') assert.equal(found._etag, added.etag)
  assert.ok(found._ts > 0)

  const overdue = await runCall(store.overdue(299))
  assert.deepEqual(
    overdue.map((each) => [each.subscription, each.id, each.state, each.run, each.attempt]),
    [
      ['8', id(1), 'waiting', 0, 0],
      ['7', id(2), 'waiting', 0, 0],
    ],
  )
  assert.equal(await runCall(store.oldestDue()), 100)

  const page = async (after: number, count: number) =>
    (await runCall(store.page('7', 'backlog', id(after), count))).map((each) => each.id)
  assert.deepEqual(await page(0, 10), [id(3), id(4), id(5)])
  assert.deepEqual(await page(3, 1), [id(4)])
  assert.deepEqual(await page(5, 10), [])
  const newest = async (before: number, count: number) =>
    (await runCall(store.newest('7', 'backlog', id(before), count))).map((each) => each.id)
  assert.deepEqual(await newest(9, 2), [id(5), id(4)])
  assert.deepEqual(await newest(5, 10), [id(4), id(3)])
  assert.deepEqual(await newest(3, 10), [])
  const attempts = [7, 30].map((ms) => ({ at: '2026-08-20T10:57:56.204Z', ms, failure: 'timeout' }))
  await runCall(store.add({ ...delivery(6, 4), state: 'dead', attempts }))
  const bounds = { after: id(3), before: id(5), max: 5 }
  const dead = { id: id(4), state: 'dead', ms: [7, 30] }
  assert.deepEqual(await runCall(store.outcomes('6', 'dead', bounds)), [dead])
  const outcomes = async (after: number, before: number, max: number) => {
    const range = { after: id(after), before: id(before), max }
    return (await runCall(store.outcomes('7', 'backlog', range))).map((each) => each.id)
  }
  assert.deepEqual(await outcomes(0, 9, 2), [id(5), id(4)])
  assert.deepEqual(await outcomes(3, 5, 9), [id(4)])
  assert.equal(await runCall(store.count('7', 'backlog', 10)), 3)
  assert.equal(await runCall(store.count('7', 'backlog', 2)), 2)

  const ids = (after: number, until: number, max: number) =>
    runCall(store.ids('7', 'backlog', { after: id(after), until: id(until), max }))
  assert.deepEqual(await ids(2, 5, 10), [id(3), id(4)])
  assert.deepEqual(await ids(3, 9, 1), [id(4)])

  // Writes are conditional on the etag, and a replace removes the members that it leaves out.
  const { due: _due, ...rest } = found
  const written = await runCall(store.save({ ...rest, state: 'dead', deadAt: 900 }))
  assert.equal(written.outcome, 'written')
  const outdated = await runCall(store.save({ ...found, state: 'delivered' }))
  assert.equal(outdated.outcome, 'changed')
  const saved = await runCall(store.find('7', id(2), outdated.session))
  assert.equal(saved?.state, 'dead')
  assert.ok(!('due' in saved))
  if (written.outcome === 'written') {
    const next = { ...saved, _etag: written.etag, run: 1 }
    assert.equal((await runCall(store.save(next))).outcome, 'written')
  }
  assert.equal(await runCall(store.deadSince(900)), 1)
  assert.equal(await runCall(store.deadSince(901)), 0)

  // A claim is conditional too, and postpones the end of what would expire before its attempt.
  const [first] = await runCall(store.overdue(299))
  assert.ok(first)
  const inAYear = first._ts + 365 * 86_400
  assert.equal((await runCall(store.claim(first, inAYear))).outcome, 'written')
  const again = await runCall(store.claim(first, 1))
  assert.equal(again.outcome, 'changed')
  const claimed = await runCall(store.find('8', id(1), again.session))
  assert.deepEqual([claimed?.due, claimed?.redrives, claimed?.attempts], [inAYear, 1, []])
  assert.ok(claimed?.ttl !== undefined && claimed.ttl >= 366 * 86_400 - 60)

  // Saving a document that does not exist is `changed`. A session token of another document is accepted.
  assert.equal((await runCall(store.save({ ...found, id: id(99) }))).outcome, 'changed')
  assert.ok(await runCall(store.find('8', id(1), added.session)))
}
