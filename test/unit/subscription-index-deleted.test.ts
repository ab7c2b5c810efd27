import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deleted, SECOND, startIndex, written } from './index-fixture.ts'
import { subscription, tombstone } from './subscription-fixture.ts'

test('a deleted number does not return by a lagging replica, and is forgotten after an hour', async () => {
  const { clock, store, index, numbers } = startIndex(written(SECOND, 1), deleted(SECOND, 2))
  assert.deepEqual(await numbers(), [1])
  assert.deepEqual([1, 2].map(index.isDeleted), [false, true])
  clock.now += 3_600_000
  store.changes = [written(SECOND + 3600, 2), written(SECOND + 3600, 3)]
  assert.deepEqual(await numbers(), [1, 3], 'an answer that is older than the tombstone')
  assert.equal(index.isDeleted(2), true)
  store.changes = []
  clock.now += 3001
  await numbers()
  assert.equal(index.isDeleted(2), false)
})

test('an index unused for half a day is rebuilt: it may have missed deletions', async () => {
  const { clock, store, numbers } = startIndex(written(SECOND, 1), written(SECOND, 2))
  await numbers()
  store.changes = [written(SECOND, 2)]
  clock.now += 12 * 3_600_000
  assert.deepEqual(await numbers(), [1, 2])
  clock.now += 12 * 3_600_000 + 1
  assert.deepEqual(await numbers(), [2])
  assert.equal(store.asked.at(-1), 0)
  store.changes = [written(SECOND, 2), written(SECOND, 3)]
  store.onPage = () => void (store.down = true)
  clock.now += 13 * 3_600_000
  await assert.rejects(numbers())
  Object.assign(store, { down: false, changes: [], onPage: () => {} })
  assert.deepEqual(await numbers(), [2], 'also then a failing page throws nothing away')
})

test('a subscription created again over its tombstone replaces the old one, which is deleted', async () => {
  const { clock, store, index, numbers } = startIndex(written(SECOND, 1))
  await numbers()
  store.changes = [{ ...subscription(2, { id: 'document-1' }), _ts: SECOND + 1 }]
  clock.now += 3001
  assert.deepEqual(await numbers(), [2])
  assert.deepEqual([1, 2].map(index.isDeleted), [true, false])
})

test('a tombstone of a later number removes and marks the subscription that its document held before', async () => {
  const { clock, store, index, numbers } = startIndex(written(SECOND, 1), written(SECOND, 4))
  await numbers()
  const later = { ...tombstone(3), id: 'document-1', _ts: SECOND + 1 } // number 2 was never seen
  store.changes = [later, deleted(SECOND + 1, 9)]
  clock.now += 3001
  assert.deepEqual(await numbers(), [4])
  assert.deepEqual([1, 2, 3, 4].map(index.isDeleted), [true, false, true, false])
  store.changes = [written(SECOND, 1)] // by a replica that lags
  clock.now += 3001
  assert.deepEqual(await numbers(), [4])
})
