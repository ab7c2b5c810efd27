import type { CloudEvent } from './cloud-event.ts'
import type { EventDocument, EventReference } from './event-document.ts'

const MAX_ENTRIES = 16 // an event may have 1 MB
const TTL_MS = 5000

/**
 * Caches the last few events for a moment: the subscribers of an event get it at about the same time, and a published
 * event never changes. Each read of a 1 MB event would cost 100 RU.
 */
export function createEventCache({
  find,
  now = Date.now,
}: {
  find: (reference: EventReference) => Promise<EventDocument | undefined>
  now?: () => number
}) {
  const recent = new Map<string, { event: Promise<CloudEvent | undefined>; until: number }>()

  function read(key: string, reference: EventReference): Promise<CloudEvent | undefined> {
    const event = find(reference).then((document) => document?.event)
    const forget = () => recent.delete(key)
    event.then((found) => found ?? forget(), forget) // the next call reads again
    recent.delete(key)
    recent.set(key, { event, until: now() + TTL_MS })
    const [oldest = key] = recent.keys()
    if (recent.size > MAX_ENTRIES) recent.delete(oldest)
    return event
  }
  return {
    /** Returns the event of a reference, or undefined when it is not visible (yet). */
    find(reference: EventReference): Promise<CloudEvent | undefined> {
      const key = [reference.resource, reference.subject, reference.event].join('\n')
      const known = recent.get(key)
      return known !== undefined && now() < known.until ? known.event : read(key, reference)
    },
  }
}
