import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHalfExpired, mayHaveExpired, timeToLive } from '../../shared/deliveries/retention.ts'
import { deliveryOf, idOf, SECOND } from './flow-fixture.ts'

const HOUR = 3600
const DAY = 24 * HOUR
const WEEK = 7 * DAY
const lives = (given: Parameters<typeof deliveryOf>[1], age: number) =>
  timeToLive(deliveryOf(idOf(0, age), given), WEEK, SECOND)

test('what has arrived or is cancelled lives for the retention and an hour, however old its event', () => {
  for (const state of ['delivered', 'cancelled'] as const)
    for (const age of [10, 89 * DAY, 100 * DAY]) assert.equal(lives({ state }, age), WEEK + HOUR)
})

test('what waits or is dead lives until 90 days after its event, whenever it is written', () => {
  for (const state of ['waiting', 'backlog', 'dead'] as const)
    for (const age of [0, 10, 40 * DAY, 88 * DAY])
      assert.equal(lives({ state }, age), 90 * DAY - age, `${state} at ${age} s`)
})

test('nothing expires within a day of its write or of its next attempt', () => {
  assert.equal(lives({ state: 'dead' }, 90 * DAY - 5), DAY)
  assert.equal(lives({ state: 'backlog' }, 200 * DAY), DAY)
  assert.equal(lives({ state: 'waiting', due: SECOND + WEEK }, 85 * DAY), WEEK + DAY)
  assert.equal(lives({ state: 'waiting', due: SECOND - WEEK }, 90 * DAY), DAY)
  assert.equal(lives({ state: 'waiting', due: SECOND + 0.5 }, 90 * DAY), DAY + 1, 'whole seconds')
})

test('a record may have expired half an hour after the retention, well before it does', () => {
  const at = (age: number) => mayHaveExpired((SECOND - age) * 1000, WEEK, SECOND * 1000)
  assert.deepEqual([WEEK, WEEK + HOUR / 2, WEEK + HOUR / 2 + 1].map(at), [false, false, true])
})

test('only what has arrived or is cancelled is half expired, and only after half its time', () => {
  const at = (state: 'delivered' | 'cancelled' | 'dead' | 'backlog', age: number, ttl?: number) => {
    const stored = {
      ...deliveryOf(idOf(0), { state, ...(ttl && { ttl }) }),
      _etag: '',
      _ts: SECOND,
    }
    return isHalfExpired(stored, SECOND + age)
  }
  assert.deepEqual([at('delivered', 50, 100), at('delivered', 51, 100)], [false, true])
  assert.equal(at('cancelled', 51, 100), true)
  assert.deepEqual([at('dead', 99, 100), at('backlog', 99, 100)], [false, false])
  assert.equal(at('delivered', 1e9), false, 'written before there was a retention')
})
