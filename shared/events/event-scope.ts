import type { Container } from '@azure/cosmos'
import type { CloudEvent } from './cloud-event.ts'
import { queryUntil } from '../azure/documents.ts'
import { fromStored } from './event-document.ts'

/** Selects events by equality with each given member. The most selective member comes last. */
export interface Scope {
  resource?: string
  subject?: string
  alternative?: string
}

/**
 * A stored event; `late` is the id of the copy that readers see in its place, `duplicateOf` that of the event which it
 * repeats.
 */
export interface FoundEvent {
  id: string
  late?: string
  duplicateOf?: string
  event: CloudEvent
}

const MAX_BATCH = 100 // documents in memory, each of up to 2 MB

/**
 * Returns a query for at most `max` events of a scope between two ids or bounds, in order of id. It passes each to `take`
 * until that returns false, and returns the last one.
 */
export function eventsIn(container: Container) {
  return (
    scope: Scope,
    { after, until, max }: { after: string; until: string; max: number },
    take: (found: FoundEvent) => boolean,
  ): Promise<FoundEvent | undefined> => {
    const given = Object.entries(scope).map(([path, value]): [string, string] => [
      `@${path}`,
      value,
    ])
    const bounds = { '@after': after, '@until': until, '@max': max }
    const parameters = { ...Object.fromEntries(given), ...bounds }
    return queryUntil(
      container,
      queryFor(Object.keys(scope)),
      parameters,
      Math.min(max, MAX_BATCH),
      (stored: FoundEvent) => take(fromStored(stored)),
    )
  }
}

/**
 * Each path has a composite index with the id; Cosmos DB combines the indexes of two paths. `take` applies all other
 * filters: in the query, they would make Cosmos DB scan until it found `max` events, at any cost.
 */
function queryFor(paths: string[]): string {
  const equal = paths.map((path) => `c.${path} = @${path}`).join(' AND ')
  return `SELECT TOP @max c.id, c.late, c.duplicateOf, c.event, c.dataText FROM c
    WHERE ${equal} AND c.id > @after AND c.id < @until ORDER BY c.${paths.at(-1)}, c.id`
}
