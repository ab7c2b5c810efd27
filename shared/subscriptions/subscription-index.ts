import type { Container } from '@azure/cosmos'
import { createMatcher, type Matcher } from './matcher.ts'
import { retry } from '../azure/retry.ts'
import type { IndexedSubscription, Tombstone } from './subscription.ts'
import { withTimeout } from '../azure/timeout.ts'

/** A subscription or what is left of it, with the second of its last write. */
export type Change = (IndexedSubscription | Tombstone) & { _ts: number }

const CHECK_MS = 3000
const TRUST_MS = 5000
/** A write of an earlier second may become visible after one of a later: another partition's clock, a replica that lags. */
const OVERLAP_SECONDS = 10

/**
 * The subscriptions in memory, checked when they are used: a check older than 3 s is followed by one query for what has
 * changed, which all who ask meanwhile share. Where it fails, what is known holds until it is 5 s old.
 */
export function createSubscriptionIndex({
  changedSince,
  now = Date.now,
}: {
  changedSince: (ts: number) => Promise<Change[]>
  now?: () => number
}) {
  const matcher = createMatcher()
  const deleted = new Set<number>() // numbers are given once, so a late answer with one of these is an old one
  let newest = 0
  let checked = -Infinity
  let refreshing: Promise<void> | undefined

  function apply(change: Change): void {
    const { _ts } = change
    newest = Math.max(newest, _ts)
    if ('deleted' in change) deleted.add(change.number)
    if (deleted.has(change.number)) matcher.remove(change.number)
    else if (!('deleted' in change)) matcher.put(change)
  }

  async function refresh(): Promise<void> {
    const start = now()
    for (const change of await changedSince(Math.max(0, newest - OVERLAP_SECONDS))) apply(change)
    checked = start
  }

  return {
    /** Has whoever asks next look for changes: one is known to have been made here. */
    invalidate(): void {
      checked = Math.min(checked, now() - CHECK_MS - 1)
    },

    /** The subscriptions as they were at most 3 s ago, or 5 s where the store does not answer. Throws where they are older. */
    async current(): Promise<Matcher> {
      if (now() - checked <= CHECK_MS) return matcher
      try {
        await (refreshing ??= refresh().finally(() => (refreshing = undefined)))
      } catch (cause) {
        if (now() - checked > TRUST_MS)
          throw new Error('The subscriptions cannot be read', { cause })
      }
      return matcher
    },
  }
}

const CHANGED = `SELECT c.id, c.consumer, c.number, c.deleted, c.filters, c.validated, c.validation, c.disabled,
  c.pausedUntil, c.released, c.pauses, c._ts FROM c WHERE c._ts >= @since AND c.number > 0`
const PAGE_MS = 5000
const PAGE_ITEMS = 1000 // about 500 KB; the default of 100 would be ten times the requests

/** Reads what has changed since a second, tombstones included and secrets not, page by page. */
export const changesIn =
  (container: Container) =>
  (since: number): Promise<Change[]> =>
    retry(() => changesSince(container, since))

async function changesSince(container: Container, since: number): Promise<Change[]> {
  const spec = { query: CHANGED, parameters: [{ name: '@since', value: since }] }
  const pages = container.items.query<Change>(spec, { maxItemCount: PAGE_ITEMS })
  const changes: Change[] = []
  while (pages.hasMoreResults())
    changes.push(...((await withTimeout(PAGE_MS, () => pages.fetchNext())).resources ?? []))
  return changes
}
