import { failureTimesOf, hasFailedTooLong, isSilentSince, isToBeNoted } from './failure-times.ts'

/**
 * The right to work on a subscription. Its holder knows the token; the sweep may pass the lease on at `until` (epoch
 * seconds).
 */
export interface Lease {
  token: string
  until: number
}

/** How many deliveries a half-open circuit attempts. Three at first, so that one that fails by itself does not decide. */
type Probes = 3 | 10 | 100

/**
 * The circuit breaker of a subscriber, a member of its document; absent while all is well. `opens` counts
 * consecutive openings, `failingSince` (ISO time) is the first failure since the last success, `failedAt` a later one, noted
 * twice a day. Every state but `closed` has a lease, which makes sure that the backlog is drained; `disabled` keeps it
 * until no open delivery is left.
 * `after` is the last event probed: the next probes try those after it, so that events that fail by themselves do
 * not keep the circuit open. `checks` counts the checks of an empty backlog. `paused` is by its owner; a drain that the pause or
 * the disabling has interrupted may send until `busyUntil` (epoch seconds).
 */
export type Circuit =
  | { state: 'closed'; opens: number; failingSince: string; failedAt?: string }
  | {
      state: 'open'
      opens: number
      failingSince: string
      reason: string
      after?: string
      lease: Lease
    }
  | {
      state: 'half-open'
      opens: number
      failingSince?: string
      probes: Probes
      after?: string
      lease: Lease
    }
  | { state: 'draining'; opens: number; failingSince?: string; failedAt?: string; lease: Lease }
  | {
      state: 'closing'
      opens: number
      failingSince?: string
      failedAt?: string
      checks: number
      lease: Lease
    }
  | { state: 'paused'; since: string; busyUntil?: number; lease: Lease }
  | {
      state: 'disabled'
      reason: string
      since: string
      hasChecked?: true
      busyUntil?: number
      lease?: Lease
    }

/** A failed attempt: the reason, the seconds that the subscriber asks to wait, and the consecutive failures so far. */
export interface Failure {
  reason: string
  waitSeconds: number
  consecutiveFailures: number
  /** Whether this instance has seen no success for a minute: a single failure then starts `failingSince`. */
  hasNoRecentSuccess: boolean
}

export const FAILURE_THRESHOLD = 5 // consecutive, as one instance sees them
const OPEN_SECONDS = [10, 30, 120, 600, 1800, 3600]

/**
 * How long a drain's message may take to arrive before the sweep sends another. Until then what is new for a subscriber that is
 * well waits too.
 */
const LEASE_SECONDS = 30

/** How long a circuit that was read counts as known, in ms. A writer that takes longer checks again. */
export const CIRCUIT_MAX_AGE_MS = 5000

/**
 * How long a circuit stays `closing`. Until then, a writer may add a delivery that it believes will be drained: its
 * index may be 5 s old and read from a replica that lagged 10 s, the circuit counts as known for 5 s, and the write
 * takes up to 12 s. The check itself may lag 10 s, and clocks differ by 5 s.
 */
export const CLOSING_SECONDS = 60

/** The seconds between the checks of a closing backlog: most late deliveries arrive soon. */
export const RECHECK_SECONDS = [6, 14, 40] as const

/** Whether deliveries are attempted at once. Otherwise they join the backlog. */
export const isClosed = (
  circuit: Circuit | undefined,
): circuit is (Circuit & { state: 'closed' | 'closing' }) | undefined =>
  circuit === undefined || circuit.state === 'closed' || circuit.state === 'closing'

/** Whether nobody works on the backlog before the lease ends. */
export const isWaiting = (circuit: Circuit): circuit is Circuit & { state: 'open' | 'paused' } =>
  circuit.state === 'open' || circuit.state === 'paused'

/** Returns the lease of a circuit, or undefined. */
export const leaseOf = (circuit: Circuit | undefined): Lease | undefined =>
  circuit === undefined || circuit.state === 'closed' ? undefined : circuit.lease

/** Returns the circuit after a success: no longer failing. Returns the same object when nothing changes. */
export function afterSuccess(circuit: Circuit | undefined): Circuit | undefined {
  if (circuit?.state === 'closed') return undefined
  if (circuit?.state !== 'draining' && circuit?.state !== 'closing') return circuit // a drain decides
  const { failingSince, failedAt: _at, ...well } = circuit
  return failingSince === undefined && well.opens === 0 ? circuit : { ...well, opens: 0 }
}

/**
 * Returns the circuit after a failure outside of a drain: open after five consecutive failures, disabled after five
 * days of failures without a success. A silence of two days is no failure: then the five days begin anew. Returns the same
 * object when nothing changes. `nowMs` is in epoch milliseconds; `token` is for a new lease.
 */
export function afterFailure(
  circuit: Circuit | undefined,
  failure: Failure,
  nowMs: number,
  token: string,
): Circuit | undefined {
  if (circuit !== undefined && circuit.state !== 'closed' && circuit.state !== 'closing')
    return circuit // a drain decides
  const now = new Date(nowMs).toISOString()
  const { opens = 0, failingSince = now, failedAt = failingSince } = circuit ?? {}
  if (isSilentSince(failedAt, nowMs))
    return afterFailure(afterSuccess(circuit), failure, nowMs, token)
  if (hasFailedTooLong(failingSince, nowMs))
    return disabled(`only failures since ${failingSince}`, nowMs, token)
  if (failure.consecutiveFailures >= FAILURE_THRESHOLD)
    return opened(opens, failingSince, failure, nowMs, token)
  if (circuit === undefined)
    return failure.hasNoRecentSuccess ? { state: 'closed', opens, failingSince } : circuit
  return isToBeNoted(failedAt, nowMs) ? { ...circuit, failedAt: now } : circuit
}

/** Returns the circuit after a drain met only failures: open again, or disabled after five days without a success. */
export function reopened(
  circuit: Circuit,
  failure: Pick<Failure, 'reason' | 'waitSeconds'>,
  nowMs: number,
  token: string,
  after?: string,
): Circuit {
  if (circuit.state === 'disabled' || circuit.state === 'paused') return circuit
  const { failingSince = new Date(nowMs).toISOString() } = circuit
  if (hasFailedTooLong(failingSince, nowMs))
    return disabled(`only failures since ${failingSince}`, nowMs, token)
  return {
    ...opened(circuit.opens, failingSince, failure, nowMs, token),
    ...(after !== undefined && { after }),
  }
}

function opened(
  opens: number,
  failingSince: string,
  { reason, waitSeconds }: Pick<Failure, 'reason' | 'waitSeconds'>,
  nowMs: number,
  token: string,
): Circuit {
  const seconds = Math.max(OPEN_SECONDS[opens] ?? 3600, waitSeconds)
  const until = Math.ceil(nowMs / 1000 + seconds)
  return { state: 'open', opens: opens + 1, failingSince, reason, lease: { token, until } }
}

/** Returns a disabled circuit. Its lease is for ending the open deliveries, with this reason. */
export function disabled(reason: string, nowMs: number, token: string): Circuit {
  const since = new Date(nowMs).toISOString()
  return { state: 'disabled', reason, since, lease: newLease(nowMs, token) }
}

/** Returns the circuit that a drain has claimed. An open or paused one is then half-open, with three probes. */
export function claimed(
  circuit: Circuit,
  nowMs: number,
  token: string,
  leaseSeconds = LEASE_SECONDS,
): Circuit {
  const lease = newLease(nowMs, token, leaseSeconds)
  if (circuit.state === 'paused') return { state: 'half-open', opens: 0, probes: 3, lease }
  if (circuit.state !== 'open') return withLease(circuit, lease)
  const { reason: _reason, ...failing } = circuit
  return { ...failing, state: 'half-open', probes: 3, lease }
}

/**
 * Returns the circuit after probes of which some were delivered: 3, 10, 100, then the whole backlog. It is no longer
 * failing.
 */
export function afterProbes(circuit: Circuit & { state: 'half-open' }): Circuit {
  const { opens, lease, probes } = circuit
  if (probes === 100) return { state: 'draining', opens: 0, lease }
  return { state: 'half-open', opens, probes: probes === 3 ? 10 : 100, lease }
}

/**
 * Returns the circuit of an empty backlog: closed for fan-outs, and checked again until all instances know that. One that is
 * half-open and failing was opened by failures just now.
 */
export function closing(
  circuit: Circuit & { state: 'half-open' | 'draining' },
  nowMs: number,
): Circuit {
  const { opens, failingSince, lease } = circuit
  const failedAt = circuit.state === 'half-open' ? new Date(nowMs).toISOString() : circuit.failedAt
  const times = failureTimesOf({ failingSince, failedAt })
  return { state: 'closing', opens, checks: 0, lease, ...times }
}

/** Returns the circuit after the last check of an empty backlog. */
export function closed(circuit: Circuit & { state: 'closing' }) {
  const { opens, failingSince } = circuit
  if (failingSince === undefined) return undefined
  return { state: 'closed' as const, opens, failingSince, ...failureTimesOf(circuit) }
}

/**
 * Returns the circuit whose backlog a drain is to work on: the same object when one is under way. Ending the deliveries of a
 * disabled circuit keeps its lease, but takes two checks again.
 */
export function withDrain(circuit: Circuit | undefined, nowMs: number, token: string): Circuit {
  const lease = newLease(nowMs, token)
  if (circuit === undefined) return { state: 'draining', opens: 0, lease }
  if (circuit.state === 'disabled') {
    if (circuit.lease !== undefined && circuit.hasChecked !== true) return circuit
    const { hasChecked: _checked, ...anew } = circuit
    return { lease, ...anew }
  }
  if (!isClosed(circuit)) return circuit
  const { opens, failingSince, failedAt = failingSince } = circuit
  const isSilent = failedAt !== undefined && isSilentSince(failedAt, nowMs)
  const times = isSilent ? {} : failureTimesOf({ failingSince, failedAt })
  return { state: 'draining', opens, lease, ...times }
}

/** Returns a lease that begins now. */
export const newLease = (nowMs: number, token: string, seconds = LEASE_SECONDS): Lease => ({
  token,
  until: Math.ceil(nowMs / 1000) + seconds,
})

/** Returns the circuit with another lease. */
export const withLease = (circuit: Circuit, lease: Lease): Circuit =>
  circuit.state === 'closed' ? circuit : { ...circuit, lease }
