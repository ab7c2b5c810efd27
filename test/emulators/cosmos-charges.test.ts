import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CosmosClient } from '@azure/cosmos'
import { requestCharge } from '../../local/emulators/request-charge.ts'
import { useOwnEmulators } from './own-emulators.ts'

const start = useOwnEmulators()

test('charges match Microsoft’s published ones', () => {
  const [one, hundred] = [1024, 100 * 1024]
  const charge = (operation: 'create' | 'read' | 'patch' | 'query', bytes: number, items = 0) =>
    requestCharge({ operation, isSuccess: true, bytes, indexEntries: 0, items })
  assert.deepEqual([charge('read', one), charge('read', hundred)], [1, 10])
  assert.deepEqual([charge('create', one), charge('create', hundred)], [5, 50])
  assert.equal(charge('patch', one), 2 * charge('create', one))
  assert.equal(charge('query', 100 * one, 100), 8.9) // 8.86 published
})

test('usage counts every operation, with the charge of its response', async (t) => {
  const emulators = await start()
  const own = new CosmosClient(emulators.cosmos)
  t.after(() => own.dispose())
  const { database: events } = await own.databases.create({ id: 'events' })
  const { container } = await events.containers.create({ id: 'used', partitionKey: '/k' })
  await emulators.resetUsage()
  const item = { id: '1', k: 'k' }
  const charges = [
    await container.items.create(item),
    await container.items.upsert(item),
    await container.item('1', 'k').read(),
    await container.item('1', 'k').replace(item),
    await container.item('1', 'k').patch([{ op: 'set', path: '/n', value: 1 }]),
    await container.items.query('SELECT * FROM c').fetchAll(),
    await container.item('1', 'k').delete(),
  ].map((answer) => answer.requestCharge)
  const { operations, refused, charge, byContainer } = await emulators.usage()
  const expected = { create: 1, read: 1, replace: 1, upsert: 1, patch: 1, delete: 1, query: 1 }
  assert.deepEqual(operations, expected)
  assert.ok(Math.abs(charge - charges.reduce((sum, each) => sum + each, 0)) < 0.05)
  assert.ok(Object.values(refused).every((count) => count === 0))
  assert.deepEqual(byContainer['events/used'], { operations, refused, charge })

  const large = { id: 'large', k: 'k', text: 'x'.repeat(100 * 1024) }
  const created = await container.items.upsert(large)
  assert.ok(created.requestCharge > 50, 'an upsert of something new is a create')
  assert.ok(created.requestCharge < 60, 'and not a replace')
  const removed = await container.item('large', 'k').delete()
  assert.equal(removed.requestCharge, created.requestCharge, 'a delete is charged by its item')
  await container.items.create(item)
  await assert.rejects(container.items.create(item))
  const after = await emulators.usage()
  assert.deepEqual([after.operations.create, after.refused.create], [3, 1])
  await emulators.resetUsage()
  assert.equal((await emulators.usage()).charge, 0)
})
