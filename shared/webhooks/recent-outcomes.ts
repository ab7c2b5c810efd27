import { createBoundedMap } from './bounded-map.ts'

const QUIET_MS = 60_000
const KEPT = 10_000

/** What an instance has seen of a subscriber lately. */
interface Recent {
  failuresInARow: number
  succeededAt: number
}

/** Remembers, in this instance alone, how the last attempts at each subscriber ended; `now` is in ms of the epoch. */
export function createRecentOutcomes(now: () => number) {
  const recent = createBoundedMap<Recent>(KEPT)

  return {
    succeeded: (subscription: string): void =>
      recent.set(subscription, { failuresInARow: 0, succeededAt: now() }),

    /** Counts a failure, but for a retry's; returns how many there are in a row, and whether no success was seen for a minute. */
    failed(subscription: string, isRetry: boolean): { inARow: number; isFirstInAWhile: boolean } {
      const before = recent.get(subscription) ?? { failuresInARow: 0, succeededAt: -Infinity }
      const failuresInARow = before.failuresInARow + (isRetry ? 0 : 1)
      recent.set(subscription, { ...before, failuresInARow })
      return {
        inARow: isRetry ? 0 : failuresInARow,
        isFirstInAWhile: now() - before.succeededAt > QUIET_MS,
      }
    },

    /** Forgets the failures in a row: they have opened the circuit. */
    reset: (subscription: string): void => recent.delete(subscription),
  }
}
