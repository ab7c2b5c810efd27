import { createBoundedMap } from '../bounded-map.ts'

const RECENT_MS = 60_000
const MAX_SUBSCRIBERS = 10_000

/** The recent outcomes of a subscriber. */
interface Recent {
  consecutiveFailures: number
  /** Milliseconds of the epoch; undefined when this instance has seen no success. */
  succeededAt: number | undefined
}

/** Remembers how the last attempts at each subscriber ended, in this instance only. `now` is in epoch milliseconds. */
export function createRecentOutcomes(now: () => number) {
  const recent = createBoundedMap<Recent>(MAX_SUBSCRIBERS)

  return {
    succeeded: (subscription: string): void =>
      recent.set(subscription, { consecutiveFailures: 0, succeededAt: now() }),

    /**
     * Counts a failure, unless it is a retry. Returns the consecutive failures, and whether there was no success for a
     * minute.
     */
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

    /** Forgets the consecutive failures, once they have opened the circuit. */
    reset: (subscription: string): void => recent.delete(subscription),
  }
}
