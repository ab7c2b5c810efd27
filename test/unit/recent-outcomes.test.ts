import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBoundedMap } from '../../shared/webhooks/bounded-map.ts'
import { createRecentOutcomes } from '../../shared/webhooks/recent-outcomes.ts'

function startRecent() {
  const clock = { now: 1_800_000_000_000 }
  return { clock, recent: createRecentOutcomes(() => clock.now) }
}

test('failures are counted in a row, each subscriber’s by itself', () => {
  const { recent } = startRecent()
  const inARow = (subscription: string) => recent.failed(subscription, false).inARow
  assert.deepEqual([inARow('1'), inARow('1'), inARow('2'), inARow('1')], [1, 2, 1, 3])
  recent.succeeded('1')
  assert.deepEqual([inARow('1'), inARow('2')], [1, 2])
})

test('retries that fail count for nothing in a row, and break no row', () => {
  const { recent } = startRecent()
  const inARow = (isRetry: boolean) => recent.failed('1', isRetry).inARow
  assert.deepEqual([inARow(false), inARow(true), inARow(true), inARow(false)], [1, 0, 0, 2])
  assert.equal(recent.failed('2', true).isFirstInAWhile, true)
})

test('a failure is the first in a while when no success was seen for a minute', () => {
  const { clock, recent } = startRecent()
  assert.equal(recent.failed('1', false).isFirstInAWhile, true, 'none was seen at all')
  recent.succeeded('1')
  clock.now += 60_000
  assert.equal(recent.failed('1', false).isFirstInAWhile, false)
  clock.now += 1
  assert.equal(recent.failed('1', false).isFirstInAWhile, true)
})

test('a count does not outlive the pause that it began', () => {
  const { recent } = startRecent()
  for (let failures = 0; failures < 5; failures++) recent.failed('1', false)
  recent.reset('1')
  assert.equal(recent.failed('1', false).inARow, 1)
})

test('what was seen of ten thousand subscribers is kept, the latest of them', () => {
  const { recent } = startRecent()
  for (let subscription = 0; subscription <= 10_000; subscription++)
    recent.failed(String(subscription), false)
  assert.equal(recent.failed('1', false).inARow, 2)
  assert.equal(recent.failed('0', false).inARow, 1, 'the oldest is forgotten')
})

test('a bounded map keeps what was set last, and forgets what it is told to', () => {
  const map = createBoundedMap<number>(2)
  map.set('a', 1)
  map.set('b', 2)
  map.set('a', 3)
  map.set('c', 4)
  assert.deepEqual(['a', 'b', 'c'].map(map.get), [3, undefined, 4])
  map.delete('c')
  assert.deepEqual(['a', 'b', 'c'].map(map.get), [3, undefined, undefined])
})
