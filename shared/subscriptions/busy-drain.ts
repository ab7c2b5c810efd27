import type { Circuit } from './circuit-breaker.ts'

const LONGEST_DRAIN_SECONDS = 100 // 20 of work, a request of 60, 20 to store what came of it; a longer lease waits for its drain to begin

/**
 * Returns until when (epoch seconds) a drain may still send, although the circuit is taken from it now or was before; 0
 * where none does. The next drain begins after it: two at once would send twice.
 */
export function busyUntilOf(circuit: Circuit | undefined, nowMs: number): number {
  if (circuit?.state === 'paused' || circuit?.state === 'disabled') return circuit.busyUntil ?? 0
  if (circuit?.state !== 'half-open' && circuit?.state !== 'draining') return 0
  return Math.min(circuit.lease.until, Math.ceil(nowMs / 1000) + LONGEST_DRAIN_SECONDS)
}

/** Returns the member that keeps `busyUntilOf` in the next circuit. */
export function busyDrain(circuit: Circuit | undefined, nowMs: number): { busyUntil?: number } {
  const busyUntil = busyUntilOf(circuit, nowMs)
  return busyUntil === 0 ? {} : { busyUntil }
}
