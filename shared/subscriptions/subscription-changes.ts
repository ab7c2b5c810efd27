import type { Container } from '@azure/cosmos'
import { queryAll } from '../azure/documents.ts'
import type { IndexedSubscription, Tombstone } from './subscription.ts'

/** A subscription or what is left of it, with the epoch second of its last write. */
export type Change = (IndexedSubscription | Tombstone) & { _ts: number }

const PAGE = 1000 // about 500 KB
const CHANGED = `SELECT TOP ${PAGE} c.id, c.consumer, c.number, c.deleted, c.endpoint, c.secrets, c.filters, c.validated,
  c.circuit, c._ts FROM c WHERE c._ts >= @since AND c.number > @after ORDER BY c.number`

/**
 * Reads what has changed since an epoch second, tombstones included, a page at a time by the public id. A page that fails
 * is tried again by itself.
 */
export const changesIn = (container: Container) =>
  async function* changedSince(since: number): AsyncGenerator<Change[]> {
    for (let after = 0, isLast = false; !isLast;) {
      const page = await queryAll<Change>(container, CHANGED, { '@since': since, '@after': after })
      yield page
      after = page.at(-1)?.number ?? after
      isLast = page.length < PAGE
    }
  }
