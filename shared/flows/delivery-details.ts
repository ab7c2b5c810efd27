import type { DeliveryDocument } from '../deliveries/delivery.ts'
import { bodyOf } from '../events/event-body.ts'
import { referenceTo } from '../events/event-document.ts'
import type { Services } from '../services.ts'
import type { SubscriptionDocument } from '../subscriptions/subscription.ts'
import { signedRequest } from '../webhooks/webhook-request.ts'
import { mayStillReceive } from './check-access.ts'
import { deliveryResource, requireDelivery } from './read-deliveries.ts'

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
  const { consumer, filters, accessBy } = subscription
  const subscriber = { consumer, ...filters, accessBy }
  const isPermitted = await mayStillReceive(services, subscriber, delivery.subject)
  const found = isPermitted
    ? await services.events.find(referenceTo(delivery, undefined))
    : undefined
  return {
    ...deliveryResource(delivery, isPermitted),
    ...(found !== undefined && {
      cloudEvent: found.event,
      ...lastRequest(subscription, delivery, found.event),
    }),
  }
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
