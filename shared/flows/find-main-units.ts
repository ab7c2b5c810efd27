import type { EventDocument } from '../events/event-document.ts'
import type { Services } from '../services.ts'
import type { Matcher } from '../subscriptions/matcher.ts'

/**
 * Returns every subject that names a main unit of what an event is about. The register is asked only where a subscription to
 * the resource includes subunits, and not about persons.
 */
export async function findMainUnits(
  { register }: Pick<Services, 'register'>,
  matcher: Pick<Matcher, 'includesSubunits'>,
  { event, alternative }: Pick<EventDocument, 'event' | 'alternative'>,
): Promise<string[] | 'unavailable'> {
  if (register === undefined || event.subject === undefined) return []
  if (!matcher.includesSubunits(event.resource)) return []
  if (alternative?.startsWith('/person/') === true) return []
  return register.mainUnitsOf(event.subject)
}
