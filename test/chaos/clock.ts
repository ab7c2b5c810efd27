import { setTimeout as sleep } from 'node:timers/promises'

export type Clock = ReturnType<typeof createClock>

/** The time of a run, in ms since `begin`. */
export function createClock() {
  let began = Infinity
  const elapsed = () => Date.now() - began
  return {
    begin: () => void (began = Date.now()),
    /** Returns −Infinity before the begin. */
    elapsed,
    /** Waits until a time of the run. */
    until: (ms: number): Promise<void> => sleep(Math.max(0, ms - elapsed())),
  }
}
