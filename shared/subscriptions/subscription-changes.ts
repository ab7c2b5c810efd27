import type { Container } from '@azure/cosmos'
import { queryAll } from '../azure/documents.ts'
import type { IndexedSubscription, Tombstone } from './subscription.ts'

/** A subscription or its tombstone, with the epoch second of its last write. */
export type Change = (IndexedSubscription | Tombstone) & { _ts: number }

const PAGE = 1000 // about 500 KB
const CHANGED = `SELECT TOP ${PAGE} c.id, c.consumer, c.number, c.deleted, c.endpoint, c.secrets, c.filters, c.validated,
  c.circuit, c.maxPerSecond, c.ordered, c.accessBy, c._ts FROM c WHERE c._ts >= @since AND c.number > @after ORDER BY c.number`

/**
 * Yields the subscriptions and tombstones written since an epoch second, in pages by number. Retries a page that fails
 * by itself.
 */
export const changesIn = (container: Container) =>
  async function* changedSince(since: number): AsyncGenerator<Change[]> {
    for (let after = 0, isLast = false; !isLast;) {
      const parameters = { '@since': since, '@after': after }
      const page = await queryAll<Change>(container, CHANGED, parameters, PAGE) // a tenth of the requests
      yield page
      after = page.at(-1)?.number ?? after
      isLast = page.length < PAGE
    }
  }
