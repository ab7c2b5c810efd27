import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  afterFailure,
  afterProbes,
  afterSuccess,
  claimed,
  closed,
  closing,
  CLOSING_SECONDS,
  disabled,
  FAILURE_THRESHOLD,
  isClosed,
  leaseOf,
  newLease,
  reopened,
  withDrain,
  withLease,
} from '../../shared/subscriptions/circuit-breaker.ts'
import { afterFailures } from '../../shared/subscriptions/disabled.ts'
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

test('deliveries are attempted at once while the circuit is absent, closed or closing', () => {
  for (const circuit of [undefined, failing, closingNow]) assert.equal(isClosed(circuit), true)
  for (const circuit of [open, probing(3), draining, off, ended])
    assert.equal(isClosed(circuit), false)
})

test('every state but closed has a lease, except a disabled one whose deliveries have ended', () => {
  for (const circuit of [undefined, failing, ended]) assert.equal(leaseOf(circuit), undefined)
  for (const circuit of [open, probing(3), draining, closingNow, off])
    assert.deepEqual(leaseOf(circuit), lease)
})

test('five consecutive failures open a circuit, four do not', () => {
  assert.equal(FAILURE_THRESHOLD, 5)
  assert.equal(afterFailure(undefined, failure({ consecutiveFailures: 4 }), NOW, 'new'), undefined)
  assert.equal(afterFailure(failing, failure({ consecutiveFailures: 4 }), NOW, 'new'), failing)
  assert.deepEqual(afterFailure(undefined, failure({ consecutiveFailures: 5 }), NOW, 'new'), {
    state: 'open',
    opens: 1,
    failingSince: new Date(NOW).toISOString(),
    reason: 'answered 503',
    lease: { token: 'new', until: SECOND + 10 },
  })
  for (const circuit of [failing, { ...closingNow, failingSince: SINCE }])
    assert.deepEqual(afterFailure(circuit, failure({ consecutiveFailures: 6 }), NOW, 'new'), {
      state: 'open',
      opens: 3,
      failingSince: SINCE,
      reason: 'answered 503',
      lease: { token: 'new', until: SECOND + 120 },
    })
})

test('the first failure without a recent success starts failingSince, later ones change nothing', () => {
  const first = afterFailure(undefined, failure({ hasNoRecentSuccess: true }), NOW, 'new')
  assert.deepEqual(first, {
    state: 'closed',
    opens: 0,
    failingSince: new Date(NOW).toISOString(),
  })
  assert.equal(afterFailure(first, failure({ hasNoRecentSuccess: true }), NOW + 1, 'new'), first)
  const second = failure({ hasNoRecentSuccess: true })
  assert.equal(afterFailure(closingNow, second, NOW, 'new'), closingNow)
})

test('a failure outside of a drain changes no circuit that has a drain', () => {
  for (const circuit of [open, probing(3), draining, off, ended])
    assert.equal(afterFailure(circuit, failure({ consecutiveFailures: 9 }), NOW, 'new'), circuit)
})

test('a success ends the failing of a circuit and its consecutive openings, but closes none that has a drain', () => {
  assert.equal(afterSuccess(undefined), undefined)
  assert.equal(afterSuccess(failing), undefined)
  const well = [draining, closingNow].map((circuit) => ({ ...circuit, opens: 0 }))
  for (const circuit of [open, probing(3), off, ended, ...well])
    assert.equal(afterSuccess(circuit), circuit)
  for (const circuit of well)
    for (const failed of [{ failingSince: SINCE }, { opens: 2 }])
      assert.deepEqual(afterSuccess({ ...circuit, ...failed }), circuit)
})

test('a circuit is open for 10 s to an hour, or longer if the subscriber asks for it', () => {
  const openFor = (opens: number, waitSeconds = 0, nowMs = NOW) => {
    const again = reopened({ ...draining, opens }, { reason: 'x', waitSeconds }, nowMs, 'new')
    assert.equal(again.state === 'open' && again.opens, opens + 1)
    return (leaseOf(again)?.until ?? 0) - SECOND
  }
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 60].map((opens) => openFor(opens)),
    [10, 30, 120, 600, 1800, 3600, 3600, 3600],
  )
  assert.deepEqual(
    [9, 11, 86_400].map((asked) => openFor(0, asked)),
    [10, 11, 86_400],
  )
  assert.equal(openFor(0, 0, NOW + 1), 11, 'it never ends early')
})

test('failed probes open the circuit again, and keep failingSince', () => {
  const asked = { reason: 'answered 429', waitSeconds: 60 }
  assert.deepEqual(reopened(probing(10), asked, NOW, 'new'), {
    state: 'open',
    opens: 3,
    failingSince: SINCE,
    reason: 'answered 429',
    lease: { token: 'new', until: SECOND + 120 },
  })
  const { failingSince } = Object(reopened(draining, asked, NOW, 'new'))
  assert.equal(failingSince, new Date(NOW).toISOString())
  for (const circuit of [off, ended]) assert.equal(reopened(circuit, asked, NOW, 'new'), circuit)
})

test('five days without a success disable a subscription, and not a millisecond less', () => {
  const failingSince = new Date(NOW - FIVE_DAYS_MS).toISOString()
  const expected = {
    state: 'disabled',
    reason: `only failures since ${failingSince}`,
    since: new Date(NOW + 1).toISOString(),
    lease: { token: 'new', until: SECOND + 31 },
  }
  const long = { ...failing, failingSince, failedAt: SINCE }
  assert.equal(afterFailure(long, failure(), NOW, 'new'), long)
  assert.deepEqual(afterFailure(long, failure(), NOW + 1, 'new'), expected)
  const probe = { ...probing(3), failingSince }
  assert.equal(reopened(probe, failure(), NOW, 'new').state, 'open')
  assert.deepEqual(reopened(probe, failure(), NOW + 1, 'new'), expected)
})

test('a claim of an open circuit makes one probe; other claims keep the state', () => {
  assert.deepEqual(claimed(open, NOW, 'new'), {
    state: 'half-open',
    opens: 2,
    failingSince: SINCE,
    probes: 3,
    lease: leased,
  })
  for (const circuit of [probing(100), draining, closingNow, off, ended])
    assert.deepEqual(claimed(circuit, NOW, 'new'), { ...circuit, lease: leased })
})

test('the next probe tries the event after the last one', () => {
  const again = reopened(probing(3), failure(), NOW, 'new', 'event')
  assert.equal(again.state === 'open' && again.after, 'event')
  const probe = claimed(again, NOW, 'new')
  assert.equal(probe.state === 'half-open' && probe.after, 'event')
  assert.equal('after' in reopened(probing(3), failure(), NOW, 'new'), false)
  assert.equal('after' in claimed(open, NOW, 'new'), false)
})

test('probes grow from 3 to 10 to 100 to the whole backlog, and are no longer failing', () => {
  const { failingSince: _since, ...well } = probing(10)
  assert.deepEqual(afterProbes(probing(3)), well)
  assert.deepEqual(afterProbes(probing(10)), { ...well, probes: 100 })
  assert.deepEqual(afterProbes(probing(100)), { ...draining, opens: 0 })
})

test('failures after a delivered probe start a new failingSince', () => {
  const years = { ...probing(3), failingSince: '2001-01-01T00:00:00.000Z' }
  const again = reopened(afterProbes(years), failure(), NOW, 'new')
  assert.equal(again.state === 'open' && again.failingSince, new Date(NOW).toISOString())
})

test('an empty backlog is closing, then closed; failingSince stays without a success', () => {
  assert.deepEqual(closing(draining, NOW), closingNow)
  assert.equal(closed(closingNow), undefined)
  const noted = { failingSince: SINCE, failedAt: new Date(NOW).toISOString() }
  assert.deepEqual(closing(probing(3), NOW), { ...closingNow, ...noted })
  const { failingSince: _since, ...well } = probing(3)
  assert.deepEqual(closing(well, NOW), closingNow)
  assert.deepEqual(closed({ ...closingNow, ...noted }), { ...failing, ...noted })
  assert.deepEqual(closed({ ...closingNow, failingSince: SINCE }), failing)
})

test('closing outlasts index age, replica lag, writes and clock skew, and fits a message', () => {
  assert.ok(CLOSING_SECONDS >= 5 + 10 + 5 + 12 + 10 + 5)
  assert.ok(CLOSING_SECONDS <= 60)
})

test('starts a drain unless one is under way', () => {
  assert.deepEqual(withDrain(undefined, NOW, 'new'), { state: 'draining', opens: 0, lease: leased })
  assert.deepEqual(withDrain(failing, NOW, 'new'), {
    ...draining,
    failingSince: SINCE,
    failedAt: SINCE,
    lease: leased,
  })
  assert.deepEqual(withDrain(closingNow, NOW, 'new'), { ...draining, lease: leased })
  assert.deepEqual(withDrain(ended, NOW, 'new'), { ...ended, lease: leased })
  assert.deepEqual(withDrain({ ...off, hasChecked: true }, NOW, 'new'), off)
  for (const circuit of [open, probing(10), draining, off])
    assert.equal(withDrain(circuit, NOW, 'new'), circuit)
})

test('a lease lasts 30 s from the next whole second', () => {
  assert.deepEqual(newLease(NOW, 'new'), leased)
  assert.deepEqual(newLease(NOW + 1, 'new'), { token: 'new', until: SECOND + 31 })
  assert.deepEqual(disabled('410', NOW, 'new'), {
    state: 'disabled',
    reason: '410',
    since: new Date(NOW).toISOString(),
    lease: leased,
  })
})

test('a closed circuit takes no lease', () => {
  assert.equal(withLease(failing, leased), failing)
  assert.deepEqual(withLease(open, leased), { ...open, lease: leased })
})

test('a drain that meets failures alone disables its subscription after five days, and not before', () => {
  const since = (ms: number) => ({
    ...draining,
    failingSince: new Date(NOW - ms).toISOString(),
    failedAt: SINCE,
  })
  const recent = since(FIVE_DAYS_MS)
  assert.equal(afterFailures(recent, NOW), recent)
  assert.equal(afterFailures(since(FIVE_DAYS_MS + 1), NOW).state, 'disabled')
  assert.equal(afterFailures(closingNow, NOW), closingNow)
})
