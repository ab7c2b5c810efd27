import assert from 'node:assert/strict'
import { orderIdOf, type OrderDocument } from '../../shared/deliveries/order-store.ts'
import { id, RESOURCE, type StoresUnderTest } from './contract-fixture.ts'

export async function orderStoreContract({
  stores: { orders: store, deliveries },
  runCall,
}: StoresUnderTest): Promise<void> {
  const key = orderIdOf({ resource: RESOURCE, subject: '/party/1' })
  const first = { sequence: 1, event: id(1), floor: '', begun: [id(1)] }
  const order: OrderDocument = { v: 1, id: key, subscription: '7', ...first }
  assert.equal(await runCall(store.find('7', key)), undefined)
  assert.equal((await runCall(store.add(order))).outcome, 'created')
  assert.equal((await runCall(store.add(order))).outcome, 'exists')
  const found = await runCall(store.find('7', key))
  assert.ok(found)
  assert.deepEqual([found.sequence, found.begun], [1, [id(1)]])
  const next = { ...found, sequence: 2, event: id(2) }
  assert.equal((await runCall(store.save(next))).outcome, 'written')
  assert.equal((await runCall(store.save(next))).outcome, 'changed')
  assert.equal((await runCall(store.find('7', key)))?.sequence, 2)

  // No query for deliveries finds it.
  for (const state of ['waiting', 'backlog', 'delivered', 'dead', 'cancelled'] as const)
    assert.deepEqual(await runCall(deliveries.page('7', state, '', 10)), [])
  assert.deepEqual(await runCall(deliveries.overdue(2 ** 40)), [])
  assert.equal(await runCall(deliveries.oldestDue()), undefined)
}
