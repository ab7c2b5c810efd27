import { setTimeout as sleep } from 'node:timers/promises'

export type Clock = ReturnType<typeof createClock>

/** The time of a run, which begins when everything is set up. */
export function createClock() {
  let began = Infinity
  const elapsed = () => Date.now() - began
  return {
    begin: () => void (began = Date.now()),
    /** Since the begin, in ms; −Infinity before it. */
    elapsed,
    /** Waits for a moment, in ms from the begin. */
    until: (ms: number): Promise<void> => sleep(Math.max(0, ms - elapsed())),
  }
}
