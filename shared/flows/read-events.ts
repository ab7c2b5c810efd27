import type { CloudEvent } from '../events/cloud-event.ts'
import type { Scope } from '../events/event-scope.ts'
import type { ReadRequest } from '../events/read-request.ts'
import { retry } from '../azure/retry.ts'
import type { Services } from '../services.ts'
import { createLikeMatcher } from '../events/like-pattern.ts'

/** A page: each event as JSON, and the id of the last document looked at, from which the next page goes on. */
export interface Page {
  events: string[]
  last: string | undefined
}

const MAX_SCANNED = 1000 // documents for a page that is filtered, at most: about 70 RU where they are of 1 KB
const MAX_PAGE_CHARACTERS = 4_000_000 // characters: four times what 1,000 ordinary events have

/**
 * The page of a scope's events that a reader asks for, by one bounded query. Only where nothing is left there is no
 * `last`: whoever goes on from it does not stop at a page that the filter has emptied.
 */
export async function pageOfEvents(
  store: Services['events'],
  scope: Scope,
  request: ReadRequest,
): Promise<Page> {
  if (request.after >= request.until) return { events: [], last: undefined }
  return retry(() => readPage(store, scope, request)) // anew: what was collected of a try that failed is dropped
}

async function readPage(
  store: Services['events'],
  scope: Scope,
  { after, until, size, sources, types }: ReadRequest,
): Promise<Page> {
  const [isSource, isType] = [createLikeMatcher(sources), createLikeMatcher(types)]
  const matches = ({ source, type }: CloudEvent) => isSource(source) && isType(type)
  const most = sources.length + types.length > 0 ? MAX_SCANNED : size
  const events: string[] = []
  let length = 0
  const last = await store.in(scope, { after, until, most }, ({ late, event }) => {
    if (late === undefined && matches(event)) {
      const text = JSON.stringify(event)
      length += text.length
      events.push(text)
    }
    return events.length < size && length < MAX_PAGE_CHARACTERS
  })
  return { events, last: last?.id }
}

/**
 * The address of the page after an event: the caller's own, with another `after`. So its host and scheme are those that
 * the caller used, as the Functions host tells them. X-Forwarded-Host and the like are believed from nobody: anyone can
 * send them, and a reader's token goes where `next` points.
 */
export function nextAddress(url: string, after: string): string {
  const { origin, pathname, searchParams } = new URL(url)
  const others = [...searchParams].filter(([name]) => name.toLowerCase() !== 'after')
  return `${origin}${pathname}?${String(new URLSearchParams([['after', after], ...others]))}`
}
