import { forEachConcurrently } from '../azure/concurrency.ts'
import { retry } from '../azure/retry.ts'
import { isOriginal, type EventDocument } from '../events/event-document.ts'
import { bytesOf } from '../events/stored-size.ts'
import type { Services } from '../services.ts'
import type { PreviewRequest } from '../subscriptions/subscription-request.ts'
import { isAskedAboutSubunit, mayStillReceive, type Permitted } from './check-access.ts'
import { eventsFor } from './events-for.ts'
import { PAGE_BYTES } from './replay.ts'

const MAX_EXAMINED = 1000 // events that are examined
const SHOWN = 10
const CONCURRENCY = 10

type Reading = Pick<Services, 'access' | 'events' | 'register'>

/**
 * Returns how many of the newest 1,000 events of the resource, or 8 MB of them, the subscription would get, and the last ten.
 * Of these events those count as examined that are about the subject, where one is given: the caller may not know of others.
 * The caller must be permitted to have them. Throws a 503 while the register or the policy
 * decision point does not answer.
 */
export async function previewSubscription(
  services: Reading,
  wanted: PreviewRequest,
  owner: Pick<Permitted, 'accessBy' | 'consumer'>,
) {
  const { resource } = wanted.filters
  const events = await retry(() => newestEvents(services, resource))
  const { type: _type, source: _source, ...about } = wanted.filters
  const aboutThem = await eventsFor(services, { ...wanted, filters: about }, events)
  const examined = await permitted(services, { ...wanted.filters, ...owner }, aboutThem)
  const matching = await eventsFor(services, wanted, examined)
  return {
    examined: examined.length,
    matched: matching.length,
    latest: matching.slice(0, SHOWN).map(summaryOf),
  }
}

/** Returns the events that the subscriber may have: the right to each subunit's is asked for, once for all of them. */
async function permitted(
  services: Reading,
  subscriber: Permitted,
  events: EventDocument[],
): Promise<EventDocument[]> {
  const subjects = new Set(events.map(({ event }) => event.subject))
  const asked = [...subjects].filter((each) => isAskedAboutSubunit(services, subscriber, each))
  const refused = new Set<string | undefined>()
  await forEachConcurrently(asked, CONCURRENCY, async (subject) => {
    if (!(await mayStillReceive(services, subscriber, subject))) refused.add(subject)
  })
  return events.filter(({ event }) => !refused.has(event.subject))
}

/** Returns the newest events of a resource, without the copies and repeats that nobody gets. */
async function newestEvents({ events }: Reading, resource: string): Promise<EventDocument[]> {
  const read: EventDocument[] = []
  let bytes = 0
  await events.newest(resource, MAX_EXAMINED, (document) => {
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
