import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { isExpired } from '../../local/emulators/item-limits.ts'
import {
  events,
  subscriptions,
  event,
  outcome,
  itemOf,
  query,
  useDatabase,
} from './cosmos-fixture.ts'
import { eventually } from '../support/stores.ts'

const startDatabase = useDatabase()
let expiring: Promise<unknown>
before(async () => {
  await startDatabase()
  expiring = subscriptions.items.create({
    id: 'tombstone',
    consumer: 'expiring',
    ttl: 1,
    number: 1,
  })
})

test('accepts whole positive seconds or -1 as ttl', async () => {
  for (const ttl of [0, 1.5, -2, '60', null, 2 ** 31]) {
    assert.equal(await outcome(events.items.create(event({ ttl }))), '400', String(ttl))
  }
  const item = event({ ttl: -1 })
  assert.equal(await outcome(events.items.create(item)), '201')
  const set = (value: number) => itemOf(item).patch([{ op: 'set', path: '/ttl', value }])
  assert.equal(await outcome(set(0)), '400')
  assert.equal(await outcome(set(2 ** 31 - 1)), '200')
})

test('removes an item after its ttl, and frees its id', async () => {
  await expiring
  const tombstone = subscriptions.item('tombstone', 'expiring')
  const live = "SELECT VALUE COUNT(1) FROM c WHERE c.consumer = 'expiring'"
  await eventually('it is gone', async () => (await tombstone.read()).statusCode !== 200)
  assert.equal(await outcome(tombstone.read()), '404')
  assert.deepEqual(await query(subscriptions, live), [0])
  assert.equal(await outcome(tombstone.patch([{ op: 'set', path: '/n', value: 1 }])), '404')
  const again = { id: 'tombstone', consumer: 'expiring' }
  assert.equal(await outcome(subscriptions.items.create(again)), '201')
  assert.deepEqual(await query(subscriptions, live), [1])
})

test("an item's ttl goes before its container's, and counts only if that has one", () => {
  const [written, now] = [1000, 1_010_000]
  const cases: [ttl: number | undefined, defaultTtl: number | undefined, expired: boolean][] = [
    [undefined, undefined, false],
    [5, undefined, false],
    [5, -1, true],
    [10, -1, false],
    [-1, 5, false],
    [undefined, 5, true],
    [undefined, -1, false],
    [60, 5, false],
  ]
  for (const [ttl, defaultTtl, expired] of cases) {
    const item = { _ts: written, ...(ttl === undefined ? {} : { ttl }) }
    assert.equal(isExpired(item, defaultTtl, now), expired, `${ttl} in ${defaultTtl}`)
  }
})
