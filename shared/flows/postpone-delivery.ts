import { nowSeconds, type DeliveryDocument } from '../deliveries/delivery.ts'
import type { Stored } from '../azure/documents.ts'
import type { DeliveryReference } from '../messages.ts'
import type { Services } from '../services.ts'

/** How a message ends without an attempt: sent on for later, or of no use since another's work is further. */
export type InLine = 'busy' | 'dropped' | 'changed'

/** The delivery that a message speaks of; undefined where it has moved on. Throws where it is not to be seen yet. */
export async function findOpen(
  { deliveries }: Services,
  { subscription, event, run, attempt, delivery: session }: DeliveryReference,
): Promise<Stored<DeliveryDocument> | undefined> {
  const found = await deliveries.find(subscription, event, session)
  if (found === undefined) throw new Error(`Delivery ${event} is not to be seen yet.`)
  const isOpen = found.state === 'waiting' && found.run === run && found.attempt === attempt
  return isOpen ? found : undefined
}

/**
 * Sends a message on that finds its subscriber with enough to do, to come again in so many seconds. The delivery is put
 * off by as much: else the sweep would send a second message for it, and a third.
 */
export async function standInLine(
  services: Services,
  message: DeliveryReference,
  seconds: number,
): Promise<InLine> {
  const delivery = await findOpen(services, message)
  if (delivery === undefined) return 'dropped'
  const written = await putOff(services, delivery, Math.ceil(nowSeconds() + seconds))
  if (written === 'changed') return 'changed' // whoever was first has a message of its own
  await services.retryQueue.send({ ...message, ...written }, seconds)
  return 'busy'
}

/** Gives the session of the write; nothing to go by where the delivery is due later anyway. */
async function putOff(
  { deliveries, config }: Services,
  delivery: Stored<DeliveryDocument>,
  until: number,
): Promise<{ delivery?: string } | 'changed'> {
  if ((delivery.due ?? 0) > until) return {}
  const due = until + config.repairAfterSeconds
  const { outcome, session } = await deliveries.save({ ...delivery, due })
  if (outcome === 'changed') return 'changed'
  return session === undefined ? {} : { delivery: session }
}
