/** What an operation did, as far as its price depends on it. */
export interface ChargedOperation {
  operation: Operation
  isSuccess: boolean
  /** Bytes of the item read or written, or of all items that a query returned. */
  bytes: number
  /** Entries of the item in the container's indexes; writes only. */
  indexEntries: number
  /** Items that a query returned. */
  items: number
}

export const operations = [
  'create',
  'read',
  'replace',
  'upsert',
  'patch',
  'delete',
  'query',
] as const

export type Operation = (typeof operations)[number]

/**
 * What Azure would charge, in request units, from what Microsoft publishes:
 * - a point read of 1 KB costs 1 RU and of 100 KB 10; a write without indexes 5 and 50; a replace
 *   twice an insert; straight lines between these
 *   (https://learn.microsoft.com/azure/cosmos-db/optimize-cost-reads-writes);
 * - a query with an index 2.3 RU, and 0.066 for each item of up to 6.5 KB: a page of 100 then costs
 *   the 8.86, and a scan of 60,951 items the 4,060, of
 *   https://learn.microsoft.com/azure/cosmos-db/nosql/troubleshoot-query-performance.
 * Not published, so assumed: 0.2 RU for each index entry, a patch as a replace, a delete as an
 * insert, 1 RU for a failure. Expect reads within 10 %, writes within 30 %, and queries too low:
 * by 25 % for a single item, and by more where an aggregate reads many.
 */
export function requestCharge({
  operation,
  isSuccess,
  bytes,
  indexEntries,
  items,
}: ChargedOperation): number {
  const kilobytes = Math.max(1, bytes / 1024)
  if (!isSuccess) return 1
  if (operation === 'query') return round(2.3 + 0.066 * Math.max(items, bytes / 1024 / 6.5))
  if (operation === 'read') return round(1 + (9 / 99) * (kilobytes - 1))
  const insert = 5 + (45 / 99) * (kilobytes - 1) + 0.2 * indexEntries
  return round(operation === 'create' || operation === 'delete' ? insert : 2 * insert)
}

function round(charge: number): number {
  return Math.round(charge * 100) / 100
}
