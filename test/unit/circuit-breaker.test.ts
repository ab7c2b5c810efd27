import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  afterFailure,
  afterSuccess,
  createSightings,
  nextRelease,
} from '../../shared/subscriptions/circuit-breaker.ts'
import type { SubscriptionDocument } from '../../shared/subscriptions/subscription.ts'

const NOW = Date.parse('2026-11-24T12:00:00Z')
const healthy: SubscriptionDocument = {
  v: 1,
  id: 's',
  consumer: '/org/ttd',
  number: 1,
  endpoint: 'https://subscriber.example/hook',
  filters: { resource: 'urn:altinn:resource:app_ttd_apps-test' },
  createdBy: '/org/ttd',
  created: '2026-11-24T00:00:00Z',
  secrets: [{ key: 'whsec_c2VjcmV0' }],
}
/** A subscription after one outcome after another, as an instance sees them; `!` fails. */
function after(subscription: SubscriptionDocument, outcomes: string, probe: boolean) {
  const sightings = createSightings()
  return outcomes.split('').reduce((current, outcome) => {
    const seen = sightings.note(1, outcome !== '!', NOW)
    const next =
      outcome === '!' ? afterFailure(current, seen, probe, NOW) : afterSuccess(current, NOW)
    return next ?? current
  }, subscription)
}
const paused = (released: number): SubscriptionDocument => ({
  ...healthy,
  pausedUntil: NOW / 1000 - 1,
  pauses: 1,
  released,
})

test('five failures in a row pause a subscriber, four do not, nor do many that are not in a row', () => {
  assert.equal(after(healthy, '!!!!', false).pausedUntil, undefined)
  assert.equal(after(healthy, '!!!!.!!!!.!!!!', false).pausedUntil, undefined)
  assert.equal(after(healthy, '!!!!!', false).pausedUntil, NOW / 1000 + 10)
})

test('a failure of the only probe pauses it for longer', () => {
  const { pausedUntil, pauses, released } = after(paused(1), '!', true)
  assert.deepEqual([pausedUntil, pauses, released], [NOW / 1000 + 30, 2, 0])
})

test('one that fails every fifth time is let out further all the same', () => {
  const tried = after(paused(10), '....!....!', true)
  assert.equal(tried.pauses, 1)
  assert.equal(nextRelease(tried), 100)
})

test('of a hundred that all fail, one makes the pause longer, not each', () => {
  assert.equal(after(paused(100), '!'.repeat(100), true).pauses, 2)
})

test('a failure that was under way when the pause began changes nothing', () => {
  assert.deepEqual(after(paused(0), '!', false), paused(0))
  assert.deepEqual(after(paused(0), '!', true), paused(0))
})
