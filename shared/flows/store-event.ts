import type { Created } from '../azure/create.ts'
import { MIN_READ_WATERMARK_SECONDS } from '../setting-bounds.ts'
import {
  copyOf,
  type EventDocument,
  type EventReference,
  referenceTo,
} from '../events/event-document.ts'
import { ageSeconds, isPastWatermark } from '../events/read-watermark.ts'
import type { Services } from '../services.ts'

/**
 * Stores an event. One that came through the queue, or whose id an earlier request reserved, may be stored after readers
 * paged past its id. The publisher already has the id, so readers then see a copy with a new id instead.
 */
export async function storeEvent(services: Services, document: EventDocument): Promise<Created> {
  const { events, config, clock, newEventId } = services
  if (!isPastWatermark(document.id, config.readWatermarkSeconds, clock.now()))
    return events.add(document)
  const stored = await events.add({ ...document, late: newEventId() })
  const hasCopy =
    stored.outcome !== 'unconfirmed' &&
    (await ensureCopy(services, referenceTo(document, stored.session), stored.outcome))
  return hasCopy ? stored : { outcome: 'unconfirmed', session: undefined }
}

/** Creates the copy if missing. Returns false when it is not confirmed, or when another process may be creating it. */
async function ensureCopy(
  { events, clock, newEventId }: Services,
  reference: EventReference,
  outcome: 'created' | 'exists',
): Promise<boolean> {
  const event = await events.find(reference)
  if (event === undefined) return false
  if (event.late === undefined) return true // stored in time by an unconfirmed try
  if ((await events.find({ ...reference, event: event.late })) !== undefined) return true
  if (outcome === 'exists' && ageSeconds(event.late, clock.now()) < MIN_READ_WATERMARK_SECONDS)
    return false
  const id = newEventId()
  if ((await events.moveCopy(event, id)).outcome === 'changed') return false
  return (await events.add(copyOf(event, id))).outcome !== 'unconfirmed'
}
