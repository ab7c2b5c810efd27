import { createMatcher, type Matcher } from './matcher.ts'
import type { Change } from './subscription-changes.ts'

const REFRESH_AFTER_MS = 3000
const MAX_AGE_MS = 5000
const MAX_REFRESHES = 3 // the first may take longer than MAX_AGE_MS; the next one only reads what changed meanwhile
/** A write may become visible after a later one: clocks of partitions differ, and replicas lag. */
const OVERLAP_SECONDS = 10
/** Once a minute, older writes are read again: without that, one that becomes visible up to five minutes late would never be known. */
const RECHECK_AFTER_MS = 60_000
const RECHECKED_SECONDS = 360
/** How far this clock may be ahead of the store: older writes are not read again. */
const CLOCK_SKEW_SECONDS = 60
const DELETED_TTL_MS = 3_600_000
const REBUILD_AFTER_MS = 12 * 3_600_000

/**
 * Keeps the subscriptions in memory and refreshes them on use: after 3 s with one query for changes, which concurrent
 * callers share. If the query fails, the known state holds until it is 5 s old.
 */
export function createSubscriptionIndex({
  changedSince,
  now = Date.now,
}: {
  changedSince: (ts: number) => AsyncIterable<Change[]>
  now?: () => number
}) {
  let matcher = createMatcher()
  const deleted = new Map<number, number>() // by number, when: a lagging replica may still return one
  let since = 0
  let newest = 0
  let checkedAt: number | undefined
  let recheckedAt = -Infinity
  let ownChanges = 0 // made by this process; how many of them the last refresh covers
  let ownChangesRead = 0
  let refreshing: Promise<void> | undefined

  function apply(change: Change): void {
    newest = Math.max(newest, change._ts)
    if ('deleted' in change) {
      deleted.set(change.number, now())
      const before = matcher.removeDeleted(change)
      if (before !== undefined) deleted.set(before, now())
    } else if (!deleted.has(change.number)) {
      const before = matcher.put(change)
      if (before !== undefined) deleted.set(before, now())
    }
  }

  /** Drops everything: tombstones expire after a day, so an index unused for longer would miss deletions. */
  function reset(): void {
    matcher = createMatcher()
    checkedAt = undefined // pages already read are kept even when a later page fails
    since = 0
    newest = 0
  }

  async function refresh(): Promise<void> {
    const start = now()
    const made = ownChanges
    if (checkedAt !== undefined && start - checkedAt > REBUILD_AFTER_MS) reset()
    const isRecheck = start - recheckedAt > RECHECK_AFTER_MS
    const from = isRecheck ? Math.max(0, since - RECHECKED_SECONDS) : since
    if (isRecheck) recheckedAt = start // also if it fails: the next refresh is a small one again
    for await (const changes of changedSince(from)) changes.forEach(apply)
    checkedAt = start
    ownChangesRead = made
    const startSeconds = Math.floor(start / 1000)
    // Writes made during the refresh are read again. After a burst, `since` follows the clock.
    const next = Math.min(newest, startSeconds) - OVERLAP_SECONDS
    since = Math.max(since, next, startSeconds - OVERLAP_SECONDS - CLOCK_SKEW_SECONDS)
    for (const [number, at] of deleted) if (start - at > DELETED_TTL_MS) deleted.delete(number)
  }
  const isOlderThan = (ms: number) => checkedAt === undefined || now() - checkedAt > ms

  return {
    /** Makes the next call of `current` refresh: this process has changed a subscription. */
    invalidate(): void {
      ownChanges++
    },

    /** Whether a number is known to be deleted. */
    isDeleted: (number: number): boolean => deleted.has(number),

    /** Returns the subscriptions as of at most 5 s ago, 3 s while the store responds. Throws when they are older. */
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
