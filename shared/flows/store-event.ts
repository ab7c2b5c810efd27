import type { Created } from '../azure/create.ts'
import { MIN_READ_HOLDBACK_SECONDS } from '../config.ts'
import {
  copyOf,
  type EventDocument,
  type EventReference,
  referenceTo,
} from '../events/event-document.ts'
import { newEventId } from '../events/event-id.ts'
import { ageSeconds, isPastWatermark } from '../events/read-watermark.ts'
import type { Services } from '../services.ts'

/**
 * Stores an event. One that had to travel by the queue, or whose id an earlier request reserved for its idempotency key,
 * may be stored so late that readers are past its id. Its id is promised, so readers are then given a copy under a new
 * one, which they have yet to come to, and not the event where it stands.
 */
export async function storeEvent(services: Services, document: EventDocument): Promise<Created> {
  const { events, config } = services
  if (!isPastWatermark(document.id, config.readHoldbackSeconds)) return events.add(document)
  const stored = await events.add({ ...document, late: newEventId() })
  const hasCopy =
    stored.outcome !== 'unconfirmed' &&
    (await ensureCopy(services, referenceTo(document, stored.session), stored.outcome))
  return hasCopy ? stored : { outcome: 'unconfirmed', session: undefined }
}

/** Makes the copy unless it is there; false where that is not confirmed, or another may be making it at this moment. */
async function ensureCopy(
  { events }: Services,
  reference: EventReference,
  outcome: 'created' | 'exists',
): Promise<boolean> {
  const event = await events.find(reference)
  if (event === undefined) return false
  if (event.late === undefined) return true // stored in time, by a try that was not confirmed
  if ((await events.find({ ...reference, event: event.late })) !== undefined) return true
  if (outcome === 'exists' && ageSeconds(event.late) < MIN_READ_HOLDBACK_SECONDS) return false
  const id = newEventId()
  if ((await events.moveCopy(event, id)).outcome === 'changed') return false
  return (await events.add(copyOf(event, id))).outcome !== 'unconfirmed'
}
