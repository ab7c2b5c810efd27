import { bodyOf } from './event-body.ts'
import type { EventDocument, EventReference } from './event-document.ts'

const MAX_BYTES = 16_000_000
const TTL_MS = 5000

interface Entry {
  body: Promise<Buffer | undefined>
  bytes: number
  until: number
}

/**
 * Caches the bodies of the last events for a moment, 16 MB at most: the subscribers of an event get it at about the same
 * time, and a published event never changes. Each read of a 1 MB event would cost 100 RU.
 */
export function createEventCache({
  find,
  now = Date.now,
}: {
  find: (reference: EventReference) => Promise<EventDocument | undefined>
  now?: () => number
}) {
  const recent = new Map<string, Entry>() // the oldest first
  let bytes = 0

  function forget(key: string, entry: Entry): void {
    if (recent.get(key) !== entry) return
    recent.delete(key)
    bytes -= entry.bytes
  }
  function keep(entry: Entry, size: number): void {
    entry.bytes = size
    bytes += size
    for (const [key, oldest] of recent)
      if (bytes > MAX_BYTES || oldest.until <= now()) forget(key, oldest)
  }
  async function read(reference: EventReference): Promise<Buffer | undefined> {
    const found = await find(reference)
    return found && bodyOf(found.event)
  }
  return {
    /** Returns the body of an event, or undefined when the event is not visible (yet). */
    find(reference: EventReference): Promise<Buffer | undefined> {
      const key = [reference.resource, reference.subject, reference.event].join('\n')
      const known = recent.get(key)
      if (known !== undefined && now() < known.until) return known.body
      if (known !== undefined) forget(key, known)
      const entry: Entry = { body: read(reference), bytes: 0, until: now() + TTL_MS }
      recent.set(key, entry)
      const drop = () => forget(key, entry)
      entry.body.then((body) => {
        if (body === undefined)
          drop() // the next call reads again
        else if (recent.get(key) === entry) keep(entry, body.length)
      }, drop)
      return entry.body
    },
  }
}
