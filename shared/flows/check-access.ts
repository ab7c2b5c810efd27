import { mayStillHave } from '../auth/access-rules.ts'
import type { Stored } from '../azure/documents.ts'
import { nowSeconds } from '../clock.ts'
import { dead, type DeliveryDocument } from '../deliveries/delivery.ts'
import type { Services } from '../services.ts'
import type { SubscriptionDocument } from '../subscriptions/subscription.ts'
import { changeDelivery } from './change-delivery.ts'

/** What the right to a subscription is asked by. */
export interface Permitted {
  consumer: string
  resource: string
  subject?: string | undefined
  accessBy?: SubscriptionDocument['accessBy'] | undefined
}

export const WITHDRAWN = 'the right to the events of the resource was withdrawn'

/**
 * Returns whether a subscriber may still have events, by a decision that is at most 5 minutes old. Asks nobody where a built-in
 * rule permits the subscription. Throws when there is no decision: then nothing ends, and nothing is sent.
 */
export async function mayStillReceive(
  { access }: Pick<Services, 'access'>,
  subscriber: Permitted,
): Promise<boolean> {
  return subscriber.accessBy === undefined || mayStillHave(subscriber, access)
}

/**
 * Ends a delivery whose subscriber may not have it any more. Returns its state, or undefined when it may be attempted. Throws when
 * there is no decision.
 */
export async function endIfWithdrawn(
  services: Services,
  subscriber: Permitted,
  delivery: Stored<DeliveryDocument>,
): Promise<DeliveryDocument['state'] | 'changed' | undefined> {
  if (await mayStillReceive(services, subscriber)) return undefined
  const now = nowSeconds(services.clock)
  return changeDelivery(services, delivery, (current) => dead(current, WITHDRAWN, now))
}
