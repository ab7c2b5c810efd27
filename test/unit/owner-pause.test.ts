import assert from 'node:assert/strict'
import { test } from 'node:test'
import { busyDrain } from '../../shared/subscriptions/busy-drain.ts'
import {
  afterFailure,
  afterSuccess,
  claimed,
  FAILURE_THRESHOLD,
  isClosed,
  leaseOf,
  reopened,
  withDrain,
  type Circuit,
} from '../../shared/subscriptions/circuit-breaker.ts'
import { paused, resumed } from '../../shared/subscriptions/owner-pause.ts'
import {
  SECOND,
  NOW,
  SINCE,
  FIVE_DAYS_MS,
  lease,
  leased,
  failing,
  open,
  probing,
  draining,
  closingNow,
  off,
  ended,
  failure,
} from './circuits.ts'

const THIRTY_DAYS = 30 * 86_400
const inPause: Circuit & { state: 'paused' } = { state: 'paused', since: SINCE, lease }

test('an owner pauses any circuit but a disabled one, for 30 days', () => {
  const now = new Date(NOW).toISOString()
  const until = SECOND + THIRTY_DAYS
  const expected = { state: 'paused', since: now, lease: { token: 'new', until } }
  for (const circuit of [undefined, failing, open, closingNow])
    assert.deepEqual(paused(circuit, NOW, 'new'), expected)
  for (const circuit of [probing(10), draining])
    assert.deepEqual(paused(circuit, NOW, 'new'), { ...expected, busyUntil: lease.until })
  const waiting = { ...draining, lease: { token: 'old', until: SECOND + 660 } } // of a drain that has not begun
  assert.deepEqual(paused(waiting, NOW, 'new'), { ...expected, busyUntil: SECOND + 100 })
  assert.equal(busyDrain(waiting, NOW + 1).busyUntil, SECOND + 101, 'no part of a second too early')
  for (const circuit of [inPause, off, ended]) assert.equal(paused(circuit, NOW, 'new'), circuit)
})

test('a paused circuit lets nothing through, and nothing but its end or its owner changes it', () => {
  assert.equal(isClosed(inPause), false)
  assert.deepEqual(leaseOf(inPause), lease)
  assert.equal(afterSuccess(inPause), inPause)
  const late = failure({ consecutiveFailures: FAILURE_THRESHOLD, hasNoRecentSuccess: true })
  assert.equal(afterFailure(inPause, late, NOW + FIVE_DAYS_MS * 2, 'new'), inPause)
  assert.equal(reopened(inPause, failure(), NOW, 'new'), inPause)
  assert.equal(withDrain(inPause, NOW, 'new'), inPause)
})

test('a resumed circuit is half-open, and what failed before the pause counts no more', () => {
  const probed = { state: 'half-open', opens: 0, probes: 3, lease: leased }
  assert.deepEqual(resumed(inPause, NOW, 'new'), probed)
  assert.deepEqual(claimed(inPause, NOW, 'new'), probed, 'by the end of the pause too')
  const busyUntil = SECOND + 7
  const later = { token: 'new', until: busyUntil + 30 }
  assert.deepEqual(resumed({ ...inPause, busyUntil }, NOW, 'new'), { ...probed, lease: later })
  for (const circuit of [undefined, failing, open, probing(3), draining, closingNow, off])
    assert.equal(resumed(circuit, NOW, 'new'), circuit)
  const longAgo: Circuit = { ...open, failingSince: new Date(NOW - FIVE_DAYS_MS + 1).toISOString() }
  const resumedLater = resumed(paused(longAgo, NOW, 'a'), NOW + FIVE_DAYS_MS, 'b')
  assert.ok(resumedLater?.state === 'half-open')
  const again = reopened(resumedLater, failure(), NOW + FIVE_DAYS_MS, 'c')
  assert.ok(again.state === 'open')
  assert.equal(again.failingSince, new Date(NOW + FIVE_DAYS_MS).toISOString())
})
