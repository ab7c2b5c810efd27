import type { DeliveryDocument } from '../deliveries/delivery.ts'
import { bodyOf } from '../events/event-body.ts'
import type { Services } from '../services.ts'
import type { SubscriptionDocument } from '../subscriptions/subscription.ts'
import { signedRequest } from '../webhooks/webhook-request.ts'
import { mayStillReceive } from './check-access.ts'
import { deliveryResource, maySeeSubjects, requireDelivery } from './read-deliveries.ts'

/**
 * Returns a delivery with its event and the request of its last attempt; without them where the event is gone, or where the
 * subscriber may not have it any more. Throws a 404, and a 503 when nobody decides about that now.
 */
export async function deliveryDetails(
  services: Services,
  subscription: SubscriptionDocument,
  event: string,
) {
  const delivery = await requireDelivery(services, String(subscription.number), event)
  const cloudEvent = await eventFor(services, subscription, delivery)
  return {
    ...deliveryResource(delivery, await maySeeSubjects(services, subscription)),
    ...(cloudEvent !== undefined && {
      cloudEvent,
      ...lastRequest(subscription, delivery, cloudEvent),
    }),
  }
}

async function eventFor(
  services: Services,
  { consumer, filters, accessBy }: SubscriptionDocument,
  { id, resource, subject, traceparent }: DeliveryDocument,
) {
  if (
    !(await mayStillReceive(services, { consumer, resource, subject: filters.subject, accessBy }))
  )
    return undefined
  const found = await services.events.find({ v: 1, event: id, resource, subject, traceparent })
  return found?.event
}

/** Returns the request of the last attempt, made again: it is not kept. What has changed since is as it is now. */
function lastRequest(
  subscription: SubscriptionDocument,
  delivery: DeliveryDocument,
  event: object,
) {
  const last = delivery.attempts.at(-1)
  if (last === undefined) return {}
  const { id, traceparent, sequence } = delivery
  const now = Date.parse(last.at)
  const sent = bodyOf(event)
  const { url, headers, body } = signedRequest(subscription, sent, id, traceparent, sequence, now)
  return { request: { endPoint: url, headers, body: body.toString() } }
}
