import { MAX_DELIVERY_TIMEOUT_SECONDS } from '../setting-bounds.ts'
import type { Circuit } from './circuit-breaker.ts'

// Then another message continues. Longer than CURSOR_MS, or what joins the backlog behind a cursor is never attempted; and short,
// since a drain that dies is taken over only when its lease has run out.
export const DRAIN_WORK_MS = 20_000
export const DRAIN_STORE_MS = 20_000 // for storing the last outcomes and handing over
const LONGEST_DRAIN_SECONDS = (DRAIN_WORK_MS + DRAIN_STORE_MS) / 1000 + MAX_DELIVERY_TIMEOUT_SECONDS // a longer lease waits for its drain to begin

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
