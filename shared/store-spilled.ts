import type { EventDocument } from './event-document.ts'
import { referenceTo, type EventReference } from './message.ts'
import type { Services } from './services.ts'

/** Stores an event that came by the queue because the store was away. Throws where the store does not confirm it. */
export async function storeSpilled(
  { events }: Services,
  document: EventDocument,
): Promise<EventReference> {
  const { outcome, session } = await events.add(document)
  if (outcome === 'unconfirmed')
    throw new Error(`Event ${document.id} is not confirmed to be stored.`)
  return referenceTo(document, session)
}
