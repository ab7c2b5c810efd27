import { busyDrain, busyUntilOf } from './busy-drain.ts'
import { disabled, newLease, withDrain, withLease, type Circuit } from './circuit-breaker.ts'
import { hasFailedTooLong, isToBeNoted } from './failure-times.ts'

/** What is still under way may arrive: what waits is ended after it. */
const leaseAfterBusy = (circuit: Circuit | undefined, nowMs: number, token: string) =>
  newLease(Math.max(nowMs, busyUntilOf(circuit, nowMs) * 1000), token)

/** Returns the circuit that an answer outside of a drain disables. Returns the same object when it is disabled. */
export const disabledBy = (
  reason: string,
  circuit: Circuit | undefined,
  nowMs: number,
  token: string,
): Circuit =>
  circuit?.state === 'disabled'
    ? circuit
    : withLease(
        { ...disabled(reason, nowMs, token), ...busyDrain(circuit, nowMs) },
        leaseAfterBusy(circuit, nowMs, token),
      )

/**
 * Returns the circuit of a disabled subscription that is validated again: its backlog is drained, once no drain from
 * before sends any more. Returns the same object when it is not disabled.
 */
export const enabled = (
  circuit: Circuit | undefined,
  nowMs: number,
  token: string,
): Circuit | undefined =>
  circuit?.state === 'disabled'
    ? withDrain(undefined, Math.max(nowMs, busyUntilOf(circuit, nowMs) * 1000), token)
    : circuit

/**
 * Returns the circuit of a drain that has met failures and no success: failing since then, or disabled after five days.
 * Returns the same object when nothing changes.
 */
export function afterFailures(circuit: Circuit, nowMs: number): Circuit {
  if (circuit.state !== 'draining') return circuit
  const now = new Date(nowMs).toISOString()
  const { failingSince, failedAt = failingSince, lease } = circuit
  if (failedAt === undefined) return { ...circuit, failingSince: now }
  if (failingSince !== undefined && hasFailedTooLong(failingSince, nowMs))
    return disabled(`only failures since ${failingSince}`, nowMs, lease.token)
  return isToBeNoted(failedAt, nowMs) ? { ...circuit, failedAt: now } : circuit
}
