import { forEachConcurrently } from '../azure/concurrency.ts'
import { isOriginal, type EventDocument } from '../events/event-document.ts'
import type { Services } from '../services.ts'
import { createMatcher } from '../subscriptions/matcher.ts'
import type { SubscriptionDocument } from '../subscriptions/subscription.ts'
import { findMainUnits } from './find-main-units.ts'
import { registerUnavailable } from './find-party.ts'

const CONCURRENCY = 16

/**
 * Returns the events that match the filters, whenever the subscription was validated: a replay may include older events.
 * Throws a 503 when the register does not say whose subunit one is about.
 */
export async function eventsFor(
  services: Pick<Services, 'register'>,
  { filters }: Pick<SubscriptionDocument, 'filters'>,
  events: EventDocument[],
): Promise<EventDocument[]> {
  const matcher = createMatcher()
  const validated = new Date(0).toISOString()
  matcher.put({ id: '', consumer: '', number: 1, endpoint: '', secrets: [], filters, validated })
  const matching = new Set<EventDocument>()
  await forEachConcurrently(events, CONCURRENCY, async (found) => {
    const { event, alternative } = found
    if (!isOriginal(found)) return
    const mainUnits = await findMainUnits(services, matcher, found)
    if (mainUnits === 'unavailable') throw registerUnavailable()
    if (matcher.matchAny(event, alternative, mainUnits).length > 0) matching.add(found)
  })
  return events.filter((event) => matching.has(event))
}
