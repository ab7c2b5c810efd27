import { createMatcher, type Matcher } from './matcher.ts'
import type { Change } from './subscription-changes.ts'

const REFRESH_AFTER_MS = 3000
const MAX_AGE_MS = 5000
const MAX_REFRESHES = 3 // the first may take longer than it can be trusted; what changed meanwhile is a short one
/** A write of an earlier second may become visible after one of a later: another partition's clock, a replica that lags. */
const OVERLAP_SECONDS = 10
/** What this clock may be ahead of the store's: what is older than that is not read again and again. */
const CLOCK_SKEW_SECONDS = 60
const DELETED_TTL_MS = 3_600_000
const REBUILD_AFTER_MS = 12 * 3_600_000

/**
 * The subscriptions in memory, checked when they are used: a check older than 3 s is followed by one query for what has
 * changed, which all who ask meanwhile share. Where it fails, what is known holds until it is 5 s old.
 */
export function createSubscriptionIndex({
  changedSince,
  now = Date.now,
}: {
  changedSince: (ts: number) => AsyncIterable<Change[]>
  now?: () => number
}) {
  let matcher = createMatcher()
  const deleted = new Map<number, number>() // when it was seen; a late answer with one of these numbers is an old one
  let since = 0
  let newest = 0
  let checkedAt: number | undefined
  let ownChanges = 0 // by this process, and how many of them the last check has seen
  let ownChangesRead = 0
  let refreshing: Promise<void> | undefined

  function apply(change: Change): void {
    newest = Math.max(newest, change._ts)
    if ('deleted' in change) {
      deleted.set(change.number, now())
      const before = matcher.removeDeleted(change)
      if (before !== undefined) deleted.set(before, now())
    } else if (!deleted.has(change.number)) matcher.put(change)
  }

  /** A tombstone lives for a day: an index that was not used for so long would never hear of it. */
  function reset(): void {
    matcher = createMatcher()
    checkedAt = undefined // what is read from now on is kept, also where a page fails
    since = 0
    newest = 0
  }

  async function refresh(): Promise<void> {
    const start = now()
    const made = ownChanges
    if (checkedAt !== undefined && start - checkedAt > REBUILD_AFTER_MS) reset()
    for await (const changes of changedSince(since)) changes.forEach(apply)
    checkedAt = start
    ownChangesRead = made
    const startSeconds = Math.floor(start / 1000)
    // What was written while pages were read is read again; after a burst `since` goes on with the clock.
    const next = Math.min(newest, startSeconds) - OVERLAP_SECONDS
    since = Math.max(since, next, startSeconds - OVERLAP_SECONDS - CLOCK_SKEW_SECONDS)
    for (const [number, at] of deleted) if (start - at > DELETED_TTL_MS) deleted.delete(number)
  }
  const isOlderThan = (ms: number) => checkedAt === undefined || now() - checkedAt > ms

  return {
    /** Has the next call of `current` look for changes: one was made here. */
    invalidate(): void {
      ownChanges++
    },

    /** Whether a number is known to be deleted. */
    isDeleted: (number: number): boolean => deleted.has(number),

    /** Returns the subscriptions as they were at most 5 s ago, 3 s where the store answers. Throws where they are older. */
    async current(): Promise<Matcher> {
      let failure: unknown
      for (
        let refreshes = 0;
        refreshes < MAX_REFRESHES && (ownChangesRead < ownChanges || isOlderThan(REFRESH_AFTER_MS));
        refreshes++
      ) {
        refreshing ??= refresh().finally(() => (refreshing = undefined))
        failure = await refreshing.then(
          () => undefined,
          (error: unknown) => error ?? true,
        )
        if (failure !== undefined) break
      }
      if (isOlderThan(MAX_AGE_MS))
        throw new Error('The subscriptions cannot be read', { cause: failure })
      return matcher
    },
  }
}
