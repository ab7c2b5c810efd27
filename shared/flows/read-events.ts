import type { CloudEvent } from '../events/cloud-event.ts'
import type { Scope } from '../events/event-scope.ts'
import { isEventId, type ReadRequest } from '../events/read-request.ts'
import type { GenericReadRequest } from '../events/generic-read-request.ts'
import { retry } from '../azure/retry.ts'
import type { Services } from '../services.ts'
import { parametersIn } from '../http/query.ts'
import { createLikeMatcher } from '../events/like-pattern.ts'

/** A page: each event as JSON, and the id of the last document read, after which the next page begins. */
export interface Page {
  events: string[]
  last: string | undefined
}

type PageRequest = Omit<ReadRequest, 'about'>

const MAX_SCANNED = 1000 // documents for a filtered page: about 70 RU at 1 KB each
const MAX_PAGE_CHARACTERS = 4_000_000 // four times what 1,000 ordinary events have

/**
 * Returns a page of a scope's events by one bounded query. `last` is undefined only when no events are left, so a reader
 * does not stop at a page whose events the filter all excluded.
 */
export async function pageOfEvents(
  store: Services['events'],
  scope: Scope,
  request: PageRequest,
): Promise<Page> {
  if (request.after >= request.until) return { events: [], last: undefined }
  return retry(() => readPage(store, scope, request)) // a retry starts over
}

async function readPage(
  store: Services['events'],
  scope: Scope,
  { after, until, size, sources, types }: PageRequest,
): Promise<Page> {
  const [isSource, isType] = [createLikeMatcher(sources), createLikeMatcher(types)]
  const matches = ({ source, type }: CloudEvent) => isSource(source) && isType(type)
  const max = sources.length + types.length > 0 ? MAX_SCANNED : size
  const events: string[] = []
  let length = 0
  const last = await store.in(scope, { after, until, max }, ({ late, duplicateOf, event }) => {
    if ((late ?? duplicateOf) === undefined && matches(event)) {
      const text = JSON.stringify(event)
      length += text.length
      events.push(text)
    }
    return events.length < size && length < MAX_PAGE_CHARACTERS
  })
  return { events, last: last?.id }
}

/**
 * Returns the id of the document after which a page of a resource begins, or nothing for the start. Of several events with
 * the publisher's id, the oldest counts, so that the reader misses none.
 */
export async function positionAfter(
  store: Services['events'],
  { scope, after }: Pick<GenericReadRequest, 'scope' | 'after'>,
): Promise<string> {
  if ('document' in after) return after.document
  const found = await store.withEventId(scope.resource, after.event)
  const visible = found.find(({ late, duplicateOf }) => (late ?? duplicateOf) === undefined)
  if (visible !== undefined) return visible.id
  return isEventId(after.event) ? after.event.toLowerCase() : '' // an app's event has its document's id
}

/**
 * Returns the URL of the page after an event: the caller's own with another `after`. Host and scheme come from the
 * Functions host. X-Forwarded-Host and the like are ignored: anyone can send them, and a reader sends its token to `next`.
 */
export function nextPageUrl(url: string, after: string): string {
  const { origin, pathname } = new URL(url)
  const others = parametersIn(url).filter(([name]) => name.toLowerCase() !== 'after')
  return `${origin}${pathname}?${String(new URLSearchParams([['after', after], ...others]))}`
}
