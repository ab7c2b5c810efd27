import { nowSeconds } from '../deliveries/delivery.ts'
import { type EventReference, referenceTo } from '../events/event-document.ts'
import type { SpilledEvent } from '../messages.ts'
import type { Services } from '../services.ts'
import { storeEvent } from './store-event.ts'

/** How often the host hands a message over before it is poison: maxDequeueCount in host.json. */
export const MOST_TRIES = 5
const REQUEUE_SECONDS = 60

/**
 * Stores an event that came by the queue because the store was away. While it still is, throws, so that the message comes
 * again; at the last of the host's `tries` a new message goes round the queue in its place and nothing is given. Of an
 * outage of ten minutes that makes three messages for an event, where a new one each time would make eleven.
 */
export async function storeSpilled(
  services: Services,
  message: SpilledEvent,
  dequeueCount: number,
): Promise<EventReference | undefined> {
  const pending = nowSeconds() + services.config.repairAfterSeconds // from now on: the sweep need not help at once
  const { outcome, session } = await storeEvent(services, { ...message.spilled, pending })
  if (outcome !== 'unconfirmed') return referenceTo(message.spilled, session)
  if (dequeueCount < MOST_TRIES)
    throw new Error(`Event ${message.spilled.id} cannot be stored yet.`)
  await services.inboundQueue.send(message, REQUEUE_SECONDS)
  return undefined
}
