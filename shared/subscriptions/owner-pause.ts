import { claimed, newLease, type Circuit } from './circuit-breaker.ts'

const LONGEST_PAUSE_SECONDS = 30 * 24 * 3600 // by the owner: events are kept for 90 days
const LONGEST_DRAIN_SECONDS = 100 // 20 of work, a request of 60, 20 to store what came of it; a longer lease waits for a turn

/**
 * Returns the circuit that its owner pauses: everything waits until it is resumed, by itself after 30 days. What failed
 * before counts no more, as the pause must not count towards the five days. Returns a disabled or paused one as it is.
 */
export function paused(circuit: Circuit | undefined, nowMs: number, token: string): Circuit {
  if (circuit?.state === 'paused' || circuit?.state === 'disabled') return circuit
  const lease = newLease(nowMs, token, LONGEST_PAUSE_SECONDS)
  const isDrained = circuit?.state === 'half-open' || circuit?.state === 'draining'
  const longest = Math.ceil(nowMs / 1000) + LONGEST_DRAIN_SECONDS
  const busy = isDrained && { busyUntil: Math.min(circuit.lease.until, longest) }
  return { state: 'paused', since: new Date(nowMs).toISOString(), ...busy, lease }
}

/**
 * Returns the circuit that its owner resumes: half-open, once no drain from before the pause works any more: two at once
 * would send twice. Returns the same object when it is not paused.
 */
export function resumed(
  circuit: Circuit | undefined,
  nowMs: number,
  token: string,
): Circuit | undefined {
  if (circuit?.state !== 'paused') return circuit
  const { busyUntil = 0 } = circuit
  return claimed(circuit, Math.max(nowMs, busyUntil * 1000), token)
}
