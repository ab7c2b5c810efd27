import { referenceTo, type EventReference, type SpilledEvent } from './message.ts'
import type { Services } from './services.ts'
import { storeEvent } from './store-event.ts'

const AGAIN_SECONDS = 60

/**
 * Stores an event that came by the queue because the store was away. While it still is, the event goes round the queue
 * once more and nothing is given: failing would lead to the poison queue, where the host hands it over five times only.
 */
export async function storeSpilled(
  services: Services,
  message: SpilledEvent,
): Promise<EventReference | undefined> {
  const { outcome, session } = await storeEvent(services, message.spilled)
  if (outcome !== 'unconfirmed') return referenceTo(message.spilled, session)
  await services.inbound.send(message, AGAIN_SECONDS)
  return undefined
}
