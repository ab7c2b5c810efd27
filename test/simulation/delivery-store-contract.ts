import assert from 'node:assert/strict'
import { newDelivery, type DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { eventDocument, id, type Subject } from './contract-fixture.ts'

const delivery = (number: number, place: number, due?: number): DeliveryDocument => ({
  ...newDelivery(eventDocument(place), { number, consumer: '/org/ttd', id: 'a' }),
  ...(due !== undefined && { state: 'waiting', due }),
})

export async function deliveryStoreContract({
  stores: { deliveries: store },
  finish,
}: Subject): Promise<void> {
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
