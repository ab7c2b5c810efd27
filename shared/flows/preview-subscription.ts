import { retry } from '../azure/retry.ts'
import { isOriginal, type EventDocument } from '../events/event-document.ts'
import { bytesOf } from '../events/stored-size.ts'
import type { Services } from '../services.ts'
import type { PreviewRequest } from '../subscriptions/subscription-request.ts'
import { eventsFor, PAGE_BYTES } from './replay.ts'

const MOST = 1000 // events that are looked at
const SHOWN = 10

type Reading = Pick<Services, 'events' | 'register'>

/**
 * Returns how many of the newest 1,000 events of the resource, or 8 MB of them, the subscription would get, and the last ten.
 * Of these events those count as looked at that are about the subject, where one is given: the caller may not know of others.
 * The caller must be permitted to have them. Throws a 503 while the register does not answer.
 */
export async function previewSubscription(services: Reading, wanted: PreviewRequest) {
  const { resource } = wanted.filters
  const events = await retry(() => newestEvents(services, resource))
  const { type: _type, source: _source, ...about } = wanted.filters
  const looked = await eventsFor(services, { ...wanted, filters: about }, events)
  const matching = await eventsFor(services, wanted, looked)
  return {
    looked: looked.length,
    matched: matching.length,
    latest: matching.slice(0, SHOWN).map(summaryOf),
  }
}

/** Returns the newest events of a resource, without the copies and repeats that nobody gets. */
async function newestEvents({ events }: Reading, resource: string): Promise<EventDocument[]> {
  const read: EventDocument[] = []
  let bytes = 0
  await events.newest(resource, MOST, (document) => {
    if (isOriginal(document)) read.push(document)
    bytes += bytesOf(document.event)
    return bytes < PAGE_BYTES
  })
  return read
}

const summaryOf = ({ event: { id, type, subject, source, time } }: EventDocument) => ({
  id,
  type,
  subject,
  source,
  time,
})
