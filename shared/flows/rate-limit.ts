import type { Clock } from '../clock.ts'

/** Returns when the next attempt may begin. */
export type RateLimit = () => Promise<void>

/**
 * Returns a limit of `perSecond` attempts in any second, or undefined without one. The first attempt waits too: the
 * drain before may have begun its last one just now.
 */
export function createRateLimit(
  clock: Clock,
  perSecond: number | undefined,
): RateLimit | undefined {
  if (perSecond === undefined) return undefined
  const intervalMs = 1000 / perSecond
  let lastMs = clock.now()
  return () => {
    lastMs = Math.max(lastMs + intervalMs, clock.now())
    return clock.timeout(lastMs - clock.now()).ended
  }
}
