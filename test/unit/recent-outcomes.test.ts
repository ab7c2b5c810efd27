import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBoundedMap } from '../../shared/bounded-map.ts'
import { createRecentOutcomes } from '../../shared/webhooks/recent-outcomes.ts'

function startRecent() {
  const clock = { now: 1_800_000_000_000 }
  return { clock, recent: createRecentOutcomes(() => clock.now) }
}

test('counts consecutive failures per subscriber', () => {
  const { recent } = startRecent()
  const fail = (subscription: string) => recent.failed(subscription, false).consecutiveFailures
  assert.deepEqual([fail('1'), fail('1'), fail('2'), fail('1')], [1, 2, 1, 3])
  recent.succeeded('1')
  assert.deepEqual([fail('1'), fail('2')], [1, 2])
})

test('failed retries neither count as consecutive failures nor end them', () => {
  const { recent } = startRecent()
  const fail = (isRetry: boolean) => recent.failed('1', isRetry).consecutiveFailures
  assert.deepEqual([fail(false), fail(true), fail(true), fail(false)], [1, 0, 0, 2])
  assert.equal(recent.failed('2', true).hasNoRecentSuccess, true)
})

test('has no recent success after a minute without one', () => {
  const { clock, recent } = startRecent()
  assert.equal(recent.failed('1', false).hasNoRecentSuccess, true, 'none was seen at all')
  recent.succeeded('1')
  clock.now += 60_000
  assert.equal(recent.failed('1', false).hasNoRecentSuccess, false)
  clock.now += 1
  assert.equal(recent.failed('1', false).hasNoRecentSuccess, true)
})

test('a count does not outlive the circuit that it opened', () => {
  const { recent } = startRecent()
  for (let failures = 0; failures < 5; failures++) recent.failed('1', false)
  recent.reset('1')
  assert.equal(recent.failed('1', false).consecutiveFailures, 1)
})

test('keeps the outcomes of the ten thousand latest subscribers', () => {
  const { recent } = startRecent()
  for (let subscription = 0; subscription <= 10_000; subscription++)
    recent.failed(String(subscription), false)
  assert.equal(recent.failed('1', false).consecutiveFailures, 2)
  assert.equal(recent.failed('0', false).consecutiveFailures, 1, 'the oldest is forgotten')
})

test('a bounded map keeps the latest entries, and forgets deleted ones', () => {
  const map = createBoundedMap<number>(2)
  map.set('a', 1)
  map.set('b', 2)
  map.set('a', 3)
  map.set('c', 4)
  assert.deepEqual(['a', 'b', 'c'].map(map.get), [3, undefined, 4])
  map.delete('c')
  assert.deepEqual(['a', 'b', 'c'].map(map.get), [3, undefined, undefined])
})
