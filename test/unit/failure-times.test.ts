import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  afterFailure,
  afterSuccess,
  claimed,
  closed,
  closing,
  newLease,
  withDrain,
  type Circuit,
} from '../../shared/subscriptions/circuit-breaker.ts'
import { afterFailures } from '../../shared/subscriptions/disabled.ts'
import { failure, NOW } from './circuits.ts'

const DAY_MS = 86_400_000
const isoAt = (ms: number) => new Date(ms).toISOString()
/** Fails once every so many days, outside of a drain or in one. Returns whether and when that disables the subscription. */
function failEvery(
  days: number,
  fail: (circuit: Circuit | undefined, ms: number) => Circuit | undefined,
) {
  let circuit: Circuit | undefined
  for (let ms = NOW; ms < NOW + 60 * DAY_MS; ms += days * DAY_MS) {
    circuit = fail(circuit, ms)
    if (circuit?.state === 'disabled') return (ms - NOW) / DAY_MS
  }
  return 'never'
}

for (const [where, fail] of [
  [
    'outside of a drain',
    (circuit: Circuit | undefined, ms: number) =>
      afterFailure(circuit, failure({ hasNoRecentSuccess: true }), ms, 'new'),
  ],
  [
    'of an ordered subscription',
    (circuit: Circuit | undefined, ms: number) => {
      const failed = afterFailures(withDrain(circuit, ms, 'new'), ms)
      return failed.state === 'draining'
        ? closed({ ...failed, state: 'closing', checks: 2 })
        : failed
    },
  ],
] as const)
  test(`a subscriber that fails once in a while, with days of silence, is not disabled: ${where}`, () => {
    assert.deepEqual(
      [0.25, 0.6, 1, 1.4, 2.6, 7].map((days) => failEvery(days, fail)),
      [5.25, 5.4, 6, 5.6, 'never', 'never'],
    )
  })

test('an endpoint that fails for days, and has its circuit opened on the way, is not silent', () => {
  const opening = failure({ consecutiveFailures: 5 })
  const later = NOW + 4 * DAY_MS
  const known: Circuit = {
    state: 'closed',
    opens: 0,
    failingSince: isoAt(NOW),
    failedAt: isoAt(later - DAY_MS),
  }
  const opened = afterFailure(known, opening, later, 'new')
  assert.equal(opened?.state, 'open')
  const probing = claimed(opened, later, 'new')
  assert.ok(probing.state === 'half-open')
  const empty = closing(probing, later) // its only delivery waits for its own retry
  const retried = afterFailure(empty, failure(), later + 1000, 'new')
  assert.equal(retried, empty)
  const joined = withDrain(empty, later + 1000, 'new')
  for (const circuit of [retried, joined])
    assert.equal(
      circuit.state !== 'paused' && 'failingSince' in circuit && circuit.failingSince,
      isoAt(NOW),
    )
  const over = NOW + 5 * DAY_MS + 1
  assert.equal(afterFailure(empty, failure(), over, 'new')?.state, 'disabled')
  assert.equal(afterFailures(joined, over).state, 'disabled')
})

test('a failure is noted twice a day, and a success or silence forgets it', () => {
  const [half, later] = [NOW + DAY_MS / 2, NOW + DAY_MS / 2 + 1]
  const circuit: Circuit = { state: 'closed', opens: 0, failingSince: isoAt(NOW) }
  assert.equal(afterFailure(circuit, failure(), half, 'new'), circuit)
  const noted = afterFailure(circuit, failure(), later, 'new')
  assert.deepEqual(noted, { ...circuit, failedAt: isoAt(later) })
  assert.equal(afterSuccess(noted), undefined)
  const drained = withDrain(noted, later, 'new')
  assert.deepEqual(afterSuccess(drained), {
    state: 'draining',
    opens: 0,
    lease: newLease(later, 'new'),
  })
  const silent = later + 2 * DAY_MS
  const both = { failingSince: isoAt(NOW), failedAt: isoAt(later) }
  assert.deepEqual(withDrain(noted, silent, 'new'), { ...drained, lease: newLease(silent, 'new') })
  assert.deepEqual({ ...drained, ...both }, drained)
  assert.equal('failedAt' in withDrain(noted, silent + 1, 'new'), false)
  const anew = failure({ hasNoRecentSuccess: true })
  assert.deepEqual(afterFailure(noted, anew, silent + 1, 'new'), {
    ...circuit,
    failingSince: isoAt(silent + 1),
  })
})
