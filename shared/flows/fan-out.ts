import { newDelivery, nowSeconds } from '../deliveries/delivery.ts'
import type { EventDocument } from '../events/event-document.ts'
import type { SubscriptionEntry } from '../subscriptions/matcher.ts'
import { deliveryReferenceTo } from '../messages.ts'
import { forEachConcurrently } from '../azure/concurrency.ts'
import type { Services } from '../services.ts'

const AT_ONCE = 16

/** Makes a delivery of the event for everyone who subscribes to it, and asks for its first attempt. Gives how many. */
export async function fanOut(
  services: Services,
  event: EventDocument,
  session: string | undefined,
): Promise<number> {
  const matcher = await services.index.current()
  const subscribers = matcher.match(event.event, event.alternative)
  await forEachConcurrently(subscribers, AT_ONCE, (subscriber) =>
    deliverTo(services, event, session, subscriber),
  )
  return subscribers.length
}

/** Every step may be done twice: a record that is there stays, and a message for what is done is dropped. */
async function deliverTo(
  { deliveries, outboundQueue, config }: Services,
  event: EventDocument,
  session: string | undefined,
  subscriber: SubscriptionEntry,
): Promise<void> {
  const due = Math.max(nowSeconds() + config.repairAfterSeconds, subscriber.pausedUntil ?? 0)
  const delivery = newDelivery(event, subscriber, due)
  const { outcome, session: written } = await deliveries.add(delivery)
  if (outcome === 'unconfirmed')
    throw new Error(`Delivery ${event.id} is not confirmed to be stored.`)
  if (subscriber.pausedUntil === undefined)
    await outboundQueue.send(deliveryReferenceTo(delivery, { event: session, delivery: written }))
}
