import { busyDrain, busyUntilOf } from './busy-drain.ts'
import { claimed, newLease, type Circuit } from './circuit-breaker.ts'

const LONGEST_PAUSE_SECONDS = 30 * 24 * 3600 // by the owner: events are kept for 90 days

/**
 * Returns the circuit that its owner pauses: everything waits until it is resumed, by itself after 30 days. What failed
 * before counts no more, as the pause must not count towards the five days. Returns a disabled or paused one as it is.
 */
export function paused(circuit: Circuit | undefined, nowMs: number, token: string): Circuit {
  if (circuit?.state === 'paused' || circuit?.state === 'disabled') return circuit
  const lease = newLease(nowMs, token, LONGEST_PAUSE_SECONDS)
  const since = new Date(nowMs).toISOString()
  return { state: 'paused', since, ...busyDrain(circuit, nowMs), lease }
}

/**
 * Returns the circuit that its owner resumes: half-open, once no drain from before the pause works any more. Returns the
 * same object when it is not paused.
 */
export function resumed(
  circuit: Circuit | undefined,
  nowMs: number,
  token: string,
): Circuit | undefined {
  if (circuit?.state !== 'paused') return circuit
  return claimed(circuit, Math.max(nowMs, busyUntilOf(circuit, nowMs) * 1000), token)
}
