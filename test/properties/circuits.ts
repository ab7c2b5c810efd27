import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  afterFailure,
  afterProbes,
  afterSuccess,
  claimed,
  closed,
  closing,
  FAILURE_THRESHOLD,
  isClosed,
  isWaiting,
  leaseOf,
  newLease,
  reopened,
  withDrain,
  withLease,
  type Circuit,
  type Failure,
} from '../../shared/subscriptions/circuit-breaker.ts'
import { disabledBy, enabled } from '../../shared/subscriptions/disabled.ts'
import { paused, resumed } from '../../shared/subscriptions/owner-pause.ts'
import { property, type Generated } from './property.ts'

const DAY = 86_400
const FIVE_DAYS_MS = 5 * DAY * 1000
const LONGEST_OPEN_SECONDS = 3600

const failure: fc.Arbitrary<Failure> = fc.record({
  reason: fc.string(),
  waitSeconds: fc.oneof(fc.constant(0), fc.nat({ max: DAY })),
  consecutiveFailures: fc.integer({ min: 1, max: 8 }),
  hasNoRecentSuccess: fc.boolean(),
})

/** What can happen to a circuit: outside of a drain, in one, by a sweep, or by whoever puts something into the backlog. */
const happening = fc.record({
  afterMs: fc.oneof(fc.nat({ max: 100_000 }), fc.nat({ max: 2 * DAY * 1000 })),
  what: fc.oneof(
    fc
      .constantFrom(
        ...([
          'success',
          'start-drain',
          'claim',
          'renew',
          'probes',
          'empty',
          'check',
          'gone',
          'enable',
          'pause',
          'resume',
        ] as const),
      )
      .map((kind) => ({ kind, failure: undefined, after: undefined })),
    fc.record({
      kind: fc.constantFrom(...(['failure', 'reopen'] as const)),
      failure,
      after: fc.option(fc.uuid(), { nil: undefined }),
    }),
  ),
})
type Happening = Generated<typeof happening>
const happenings = fc.array(happening, { maxLength: 60 })

/** The circuit after it; the same object where it does not concern one in this state. */
function next(
  circuit: Circuit | undefined,
  { what }: Happening,
  nowMs: number,
  token: string,
): Circuit | undefined {
  const { kind, failure: failed } = what
  if (kind === 'success') return afterSuccess(circuit)
  if (kind === 'start-drain') return withDrain(circuit, nowMs, token)
  if (kind === 'pause') return paused(circuit, nowMs, token)
  if (kind === 'resume') return resumed(circuit, nowMs, token)
  if (kind === 'gone') return disabledBy('410', circuit, nowMs, token)
  if (kind === 'enable') return enabled(circuit, nowMs, token)
  if (kind === 'failure')
    return failed === undefined ? circuit : afterFailure(circuit, failed, nowMs, token)
  return leaseOf(circuit) === undefined ? circuit : inDrain(circuit, what, nowMs, token)
}

/** The same for what only the holder of the lease does, who is there as long as there is a lease. */
function inDrain(
  circuit: Circuit | undefined,
  { kind, failure: failed, after }: Happening['what'],
  nowMs: number,
  token: string,
): Circuit | undefined {
  if (circuit === undefined) return undefined
  const { state } = circuit
  if (kind === 'claim') return claimed(circuit, nowMs, token)
  if (kind === 'renew' && !isWaiting(circuit)) return withLease(circuit, newLease(nowMs, token))
  if (kind === 'check' && state === 'closing') return closed(circuit)
  if (kind === 'probes' && state === 'half-open') return afterProbes(circuit)
  if (state !== 'half-open' && state !== 'draining') return circuit
  if (kind === 'empty') return closing(circuit, nowMs)
  return failed === undefined ? circuit : reopened(circuit, failed, nowMs, token, after)
}

const members: Record<Circuit['state'], string[]> = {
  closed: ['failingSince', 'opens', 'state'],
  open: ['failingSince', 'lease', 'opens', 'reason', 'state'],
  'half-open': ['lease', 'opens', 'probes', 'state'],
  draining: ['lease', 'opens', 'state'],
  closing: ['checks', 'lease', 'opens', 'state'],
  paused: ['lease', 'since', 'state'],
  disabled: ['lease', 'reason', 'since', 'state'],
}
const optionals: Partial<Record<Circuit['state'], string[]>> = {
  open: ['after'],
  'half-open': ['after', 'failingSince'],
  closed: ['failedAt'],
  draining: ['failedAt', 'failingSince'],
  closing: ['failedAt', 'failingSince'],
  paused: ['busyUntil'],
  disabled: ['busyUntil'],
}

/** What must be true of any circuit that is stored. */
function requireSound(circuit: Circuit, nowMs: number): void {
  assert.deepEqual(JSON.parse(JSON.stringify(circuit)), circuit)
  const { state } = circuit
  const optional = (optionals[state] ?? []).filter((member) => member in circuit)
  assert.deepEqual(Object.keys(circuit).toSorted(), [...members[state], ...optional].toSorted())
  if ('opens' in circuit) assert.ok(Number.isInteger(circuit.opens) && circuit.opens >= 0)
  if ('failingSince' in circuit && circuit.failingSince !== undefined)
    assert.ok(Date.parse(circuit.failingSince) <= nowMs)
  if (circuit.state === 'half-open') assert.ok([3, 10, 100].includes(circuit.probes))
  const { until } = leaseOf(circuit) ?? { until: 1 }
  assert.ok(
    Number.isInteger(until) && until <= nowMs / 1000 + (state === 'paused' ? 30 : 1) * DAY + 1,
  )
}

/** Goes through what happens, and holds every step to the rules. */
function liveOn(list: Happening[]): void {
  let now = Date.parse('2026-01-01')
  let circuit: Circuit | undefined
  for (const [index, happens] of list.entries()) {
    now += happens.afterMs
    const before = circuit
    circuit = next(before, happens, now, `token ${index}`)
    if (circuit === undefined) {
      const isWell = before === undefined || before.state === 'closed' || before.state === 'closing'
      assert.ok(isWell, `${before?.state} is not closed by ${happens.what.kind}`)
      continue
    }
    requireSound(circuit, now)
    requireRightStep(before, circuit, happens, now)
  }
}

function requireRightStep(
  before: Circuit | undefined,
  after: Circuit,
  { what }: Happening,
  nowMs: number,
): void {
  if (after === before) return
  const isOpening = after.state === 'open'
  if (isOpening) {
    const asked = what.failure?.waitSeconds ?? NaN
    const seconds = after.lease.until - nowMs / 1000
    assert.ok(seconds >= asked && seconds >= 10, 'waitSeconds is honoured')
    assert.ok(seconds <= Math.max(asked, LONGEST_OPEN_SECONDS) + 1)
    if (what.kind === 'failure')
      assert.ok((what.failure?.consecutiveFailures ?? 0) >= FAILURE_THRESHOLD)
    const { opens = 0 } = before !== undefined && 'opens' in before ? before : {}
    assert.equal(after.opens, opens + 1)
  }
  // Nothing but a drain closes a circuit that is open, nor lets more of its backlog out.
  const isOutside = ['success', 'failure', 'start-drain'].includes(what.kind)
  if (isOutside && before !== undefined && !isClosed(before)) {
    const isSame = before.state === after.state && !isWaiting(before)
    assert.ok(isSame, `${before.state} became ${after.state} by ${what.kind}`)
  }
  if (before?.state === 'paused') {
    assert.ok(['resume', 'claim', 'gone'].includes(what.kind), `${what.kind} ended a pause`)
    if (after.state !== 'disabled') assert.equal(after.state, 'half-open')
  }
  if (after.state === 'disabled' && before?.state !== 'disabled' && what.kind !== 'gone') {
    const since = before !== undefined && 'failingSince' in before ? before.failingSince : undefined
    assert.ok(nowMs - Date.parse(since ?? '') > FIVE_DAYS_MS, 'disabled after five days')
  }
}

/** Fails again and again, at most a day apart: it must be disabled, and no sooner than after five days. */
function failOn([gaps, isDrained]: [number[], boolean]): void {
  const began = Date.parse('2026-01-01')
  const failed = { reason: 'x', waitSeconds: 0, consecutiveFailures: 5, hasNoRecentSuccess: true }
  let now = began
  let circuit = afterFailure(undefined, { ...failed, consecutiveFailures: 1 }, now, 'token')
  for (const gap of gaps) {
    now += gap
    if (circuit?.state === 'open') circuit = claimed(circuit, now, 'token')
    circuit =
      isDrained && circuit?.state === 'half-open'
        ? reopened(circuit, failed, now, 'token')
        : afterFailure(circuit, failed, now, 'token')
    if (circuit?.state === 'half-open') circuit = reopened(circuit, failed, now, 'token')
    assert.equal(circuit?.state === 'disabled', now - began > FIVE_DAYS_MS)
    if (circuit?.state === 'disabled') return
  }
}

export const circuitProperties = [
  property('a circuit stays valid and follows the rules, whatever happens', 60, happenings, liveOn),
  property(
    'a subscriber without a success is disabled after five days, and no sooner',
    20,
    fc.tuple(fc.array(fc.nat({ max: DAY * 1000 }), { maxLength: 30 }), fc.boolean()),
    failOn,
  ),
]
