import { createBoundedMap } from './bounded-map.ts'

const RECENT_MS = 60_000
const MAX_SUBSCRIBERS = 10_000

/** What an instance has seen of a subscriber lately. */
interface Recent {
  consecutiveFailures: number
  /** Milliseconds of the epoch; undefined when this instance has seen no success. */
  succeededAt: number | undefined
}

/** Remembers, in this instance alone, how the last attempts at each subscriber ended; `now` is in ms of the epoch. */
export function createRecentOutcomes(now: () => number) {
  const recent = createBoundedMap<Recent>(MAX_SUBSCRIBERS)

  return {
    succeeded: (subscription: string): void =>
      recent.set(subscription, { consecutiveFailures: 0, succeededAt: now() }),

    /** Counts a failure, but for a retry's; returns how many there are in a row, and whether no success was seen for a minute. */
    failed(
      subscription: string,
      isRetry: boolean,
    ): { consecutiveFailures: number; hasNoRecentSuccess: boolean } {
      const before = recent.get(subscription) ?? { consecutiveFailures: 0, succeededAt: undefined }
      const consecutiveFailures = before.consecutiveFailures + (isRetry ? 0 : 1)
      recent.set(subscription, { ...before, consecutiveFailures })
      return {
        consecutiveFailures: isRetry ? 0 : consecutiveFailures,
        hasNoRecentSuccess:
          before.succeededAt === undefined || now() - before.succeededAt > RECENT_MS,
      }
    },

    /** Forgets the failures in a row: they have opened the circuit. */
    reset: (subscription: string): void => recent.delete(subscription),
  }
}
