import type { EventDocument } from '../events/event-document.ts'
import { boundAt } from '../events/event-id.ts'
import type { EarlierEvent } from '../events/event-store.ts'
import type { Services } from '../services.ts'
import { matchesFilters, type SubscriptionEntry } from '../subscriptions/matcher.ts'

const PAGES = [1, 10, 100] // mostly the first event is one; a filter on the type skips some

/**
 * Returns the last event of the same resource and subject before one that a subscription gets too. Undefined when there
 * is none since its validation, or among the 111 events before. With the session token of the event's own write,
 * whatever was stored before it is seen.
 */
export async function previousEvent(
  { events }: Pick<Services, 'events'>,
  event: EventDocument,
  subscriber: SubscriptionEntry,
  session: string | undefined,
): Promise<string | undefined> {
  const after = boundAt(subscriber.validated ?? 0)
  let before = event.id
  for (const most of PAGES) {
    const page = await events.before(event, { after, before, most }, session)
    const found = page.find((each) => isDelivered(each, event.subject, subscriber))
    const last = page.at(-1)
    if (found !== undefined || last === undefined || page.length < most) return found?.id
    before = last.id
  }
  return undefined
}

const isDelivered = (
  { alternative, copyOf, duplicateOf, type, source }: EarlierEvent,
  subject: string,
  subscriber: SubscriptionEntry,
): boolean =>
  (copyOf ?? duplicateOf) === undefined &&
  matchesFilters(subscriber, { subject, type, source }, alternative)
