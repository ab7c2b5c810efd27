import type { Clock } from '../clock.ts'

/** Returns when the next attempt may begin. */
export type Pace = () => Promise<void>

/**
 * Returns a pace of at most `perSecond` attempts in any second, or undefined without a limit. The first one waits too: the
 * drain before may have begun its last attempt just now.
 */
export function createPace(clock: Clock, perSecond: number | undefined): Pace | undefined {
  if (perSecond === undefined) return undefined
  const intervalMs = 1000 / perSecond
  let lastMs = clock.now()
  return () => {
    lastMs = Math.max(lastMs + intervalMs, clock.now())
    return clock.timeout(lastMs - clock.now()).ended
  }
}
