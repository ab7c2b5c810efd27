import type { Container } from '@azure/cosmos'
import type { CloudEvent } from './cloud-event.ts'
import { queryUntil } from '../azure/documents.ts'

/** Whose events: those that have all that is given. The narrower one comes last. */
export interface Scope {
  resource?: string
  subject?: string
  alternative?: string
}

/** An event where a reader comes by; `late` where readers are told of it elsewhere. */
export interface FoundEvent {
  id: string
  late?: string
  event: CloudEvent
}

const MAX_BATCH = 100 // documents at once in memory, each of up to 2 MB

/** Gives the events of a scope between two ids or bounds, by id and `most` at most, to `take` until it has enough. */
export function eventsIn(container: Container) {
  return (
    scope: Scope,
    { after, until, most }: { after: string; until: string; most: number },
    take: (found: FoundEvent) => boolean,
  ): Promise<FoundEvent | undefined> => {
    const given = Object.entries(scope).map(([path, value]): [string, string] => [
      `@${path}`,
      value,
    ])
    const bounds = { '@after': after, '@until': until, '@most': most }
    const parameters = { ...Object.fromEntries(given), ...bounds }
    return queryUntil(
      container,
      queryFor(Object.keys(scope)),
      parameters,
      Math.min(most, MAX_BATCH),
      take,
    )
  }
}

/**
 * Each path has a composite index with the id, and of two paths Cosmos uses both. Whatever else a reader filters by is
 * left to `take`: in the query, Cosmos would go on until it had found as many as were asked for, at any cost.
 */
function queryFor(paths: string[]): string {
  const equal = paths.map((path) => `c.${path} = @${path}`).join(' AND ')
  return `SELECT TOP @most c.id, c.late, c.event FROM c
    WHERE ${equal} AND c.id > @after AND c.id < @until ORDER BY c.${paths.at(-1)}, c.id`
}
