/** The right to work on a subscription: whoever has the token, until the epoch second at which the sweep may pass it on. */
export interface Lease {
  token: string
  until: number
}

/** How many deliveries a half-open circuit tries at once. */
type Probes = 1 | 10 | 100

/**
 * The state of a subscriber, one member of its document; absent while all is well. `opens` counts how often in a row it
 * has opened, `failingSince` (ISO) is the first failure since the last success. Every state but `closed` has a lease: the
 * one waker of the subscriber's backlog. `disabled` keeps it until nothing is left to end. `after` is the event that the last
 * probe has tried: the next one tries the one after it, so that an event that fails by itself does not keep a circuit open.
 */
export type Circuit =
  | { state: 'closed'; opens: number; failingSince: string }
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
  | { state: 'draining'; opens: number; failingSince?: string; lease: Lease }
  | { state: 'closing'; opens: number; failingSince?: string; looks: number; lease: Lease }
  | { state: 'disabled'; reason: string; since: string; lease?: Lease }

/** What a failure says: the answer's reason, how long the subscriber asks to wait, and how many failures are in a row. */
export interface Failure {
  reason: string
  waitSeconds: number
  consecutiveFailures: number
  /** Whether this instance has seen no success for a minute: one failure then counts as "failing since". */
  hasNoRecentSuccess: boolean
}

export const FAILURE_THRESHOLD = 5 // in a row, as one instance sees them
const PAUSES_SECONDS = [10, 30, 120, 600, 1800, 3600]
const DISABLE_AFTER_MS = 5 * 24 * 3600 * 1000
export const LEASE_SECONDS = 180 // a drain works for 60 s, and its last request takes at most 60 s more

/** How long after it is read a circuit counts as known, in ms: whoever writes later than that looks once more. */
export const CIRCUIT_MAX_AGE_MS = 5000

/**
 * How long a circuit stays `closing`: whoever puts a delivery into the backlog may go by an index of 5 s, read from a replica
 * that lagged by 10 s, which was known for 5 s before a write of 12 s at most; the look itself may lag by 10 s, and clocks
 * differ by 5 s.
 */
export const CLOSING_SECONDS = 60

/** When it is looked at meanwhile, in seconds each after the look before: most of what is put there unseen is there soon. */
export const RECHECK_SECONDS = [6, 14, 40] as const

/** Whether deliveries are attempted at once; otherwise they join the backlog. */
export const isClosed = (circuit: Circuit | undefined): boolean =>
  circuit === undefined || circuit.state === 'closed' || circuit.state === 'closing'

/** The lease of a circuit, where it has one. */
export const leaseOf = (circuit: Circuit | undefined): Lease | undefined =>
  circuit === undefined || circuit.state === 'closed' ? undefined : circuit.lease

/** The circuit after a delivery: no longer failing. Gives the same object where nothing changes. */
export function afterSuccess(circuit: Circuit | undefined): Circuit | undefined {
  if (circuit?.state === 'closed') return undefined
  if (circuit?.state !== 'draining' && circuit?.state !== 'closing') return circuit // a drain decides
  const { failingSince, ...well } = circuit
  return failingSince === undefined ? circuit : well
}

/**
 * The circuit after a failure outside of a drain: open after five in a row, disabled after five days of only failures.
 * Gives the same object where nothing changes. `nowMs` is in ms of the epoch, `token` for the lease of a pause.
 */
export function afterFailure(
  circuit: Circuit | undefined,
  failure: Failure,
  nowMs: number,
  token: string,
): Circuit | undefined {
  if (circuit !== undefined && circuit.state !== 'closed' && circuit.state !== 'closing')
    return circuit // a drain decides
  const { opens = 0, failingSince = new Date(nowMs).toISOString() } = circuit ?? {}
  if (nowMs - Date.parse(failingSince) > DISABLE_AFTER_MS)
    return disabled(`only failures since ${failingSince}`, nowMs, token)
  if (failure.consecutiveFailures >= FAILURE_THRESHOLD)
    return opened(opens, failingSince, failure, nowMs, token)
  const isNew = circuit === undefined && failure.hasNoRecentSuccess
  return isNew ? { state: 'closed', opens, failingSince } : circuit
}

/** The circuit of a drain that has met nothing but failures: open again, or disabled after five days of them. */
export function reopened(
  circuit: Circuit,
  failure: Pick<Failure, 'reason' | 'waitSeconds'>,
  nowMs: number,
  token: string,
  after?: string,
): Circuit {
  if (circuit.state === 'disabled') return circuit
  const { failingSince = new Date(nowMs).toISOString() } = circuit
  if (nowMs - Date.parse(failingSince) > DISABLE_AFTER_MS)
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
  const pause = Math.max(PAUSES_SECONDS[opens] ?? 3600, waitSeconds)
  const until = Math.ceil(nowMs / 1000 + pause)
  return { state: 'open', opens: opens + 1, failingSince, reason, lease: { token, until } }
}

/** Disabled; the lease has what waits be ended, with this reason. */
export function disabled(reason: string, nowMs: number, token: string): Circuit {
  const since = new Date(nowMs).toISOString()
  return { state: 'disabled', reason, since, lease: newLease(nowMs, token) }
}

/** The circuit that a drain has just taken over: a pause that is over becomes the first probe. */
export function claimed(circuit: Circuit, nowMs: number, token: string): Circuit {
  const lease = newLease(nowMs, token)
  if (circuit.state !== 'open') return withLease(circuit, lease)
  const { reason: _reason, ...failing } = circuit
  return { ...failing, state: 'half-open', probes: 1, lease }
}

/** The circuit after probes of which some were delivered, no longer failing: 1, 10, 100, then the whole backlog. */
export function afterProbes(circuit: Circuit & { state: 'half-open' }): Circuit {
  const { opens, lease, probes } = circuit
  if (probes === 100) return { state: 'draining', opens, lease }
  return { state: 'half-open', opens, probes: probes === 1 ? 10 : 100, lease }
}

/** The circuit of a backlog that was found empty: closed for fan-outs, and looked at once more when all of them know. */
export function closing({
  opens,
  failingSince,
  lease,
}: Circuit & { state: 'half-open' | 'draining' }): Circuit {
  return {
    state: 'closing',
    opens,
    looks: 0,
    lease,
    ...(failingSince !== undefined && { failingSince }),
  }
}

/** The circuit after the last look at an empty backlog. */
export const closed = ({ opens, failingSince }: Circuit & { state: 'closing' }) =>
  failingSince === undefined ? undefined : { state: 'closed' as const, opens, failingSince }

/**
 * The circuit whose backlog is to be drained: the same where that is under way. A disabled one gets a new lease in any case:
 * that conflicts with a settling that has just found nothing left.
 */
export function withDrain(circuit: Circuit | undefined, nowMs: number, token: string): Circuit {
  const lease = newLease(nowMs, token)
  if (circuit === undefined) return { state: 'draining', opens: 0, lease }
  if (circuit.state === 'disabled') return { ...circuit, lease }
  if (!isClosed(circuit)) return circuit
  const { opens, failingSince } = circuit
  return { state: 'draining', opens, lease, ...(failingSince !== undefined && { failingSince }) }
}

/** A lease from now on. */
export const newLease = (nowMs: number, token: string): Lease => ({
  token,
  until: Math.ceil(nowMs / 1000) + LEASE_SECONDS,
})

/** The circuit whose lease ran out, with a new one. */
export const withLease = (circuit: Circuit, lease: Lease): Circuit =>
  circuit.state === 'closed' ? circuit : { ...circuit, lease }
