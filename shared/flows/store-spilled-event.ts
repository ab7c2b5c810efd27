import { nowSeconds } from '../clock.ts'
import { type EventReference, fromStored, referenceTo } from '../events/event-document.ts'
import type { SpilledEvent } from '../messages.ts'
import type { Services } from '../services.ts'
import { storeEvent } from './store-event.ts'

/** How often the host delivers a message before it becomes poison: maxDequeueCount in host.json. */
export const MAX_DEQUEUE_COUNT = 5
const REQUEUE_SECONDS = 60

/**
 * Stores an event that came through the queue during an outage of the store. Throws while the outage lasts, so that the
 * host retries the message; at the last try, sends a new message instead and returns undefined. An outage of ten minutes
 * then takes three messages per event, where one per try would take eleven.
 */
export async function storeSpilled(
  services: Services,
  message: SpilledEvent,
  dequeueCount: number,
): Promise<EventReference | undefined> {
  // Gives the fan-out time before the sweep redrives it.
  const pending = nowSeconds(services.clock) + services.config.repairAfterSeconds
  const { outcome, session } = await storeEvent(services, {
    ...fromStored(message.spilled),
    pending,
  })
  if (outcome !== 'unconfirmed') return referenceTo(message.spilled, session)
  if (dequeueCount < MAX_DEQUEUE_COUNT)
    throw new Error(`Event ${message.spilled.id} cannot be stored yet.`)
  await services.inboundQueue.send(message, REQUEUE_SECONDS)
  return undefined
}
