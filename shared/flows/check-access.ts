import { mayStillHave, ownsApp } from '../auth/access-rules.ts'
import type { Stored } from '../azure/documents.ts'
import { nowSeconds } from '../clock.ts'
import { dead, type DeliveryDocument } from '../deliveries/delivery.ts'
import type { Services } from '../services.ts'
import type { SubscriptionDocument } from '../subscriptions/subscription.ts'
import { changeDelivery } from './change-delivery.ts'
import { unsavedOutcome } from './send-webhook.ts'

/** What the right to a subscription is asked by. */
export interface Permitted {
  consumer: string
  resource: string
  subject?: string | undefined
  includeSubunits?: boolean | undefined
  accessBy?: SubscriptionDocument['accessBy'] | undefined
}

export const WITHDRAWN = 'the right to the events of the resource was withdrawn'

/**
 * Whether the right to an event about a subunit is asked for by itself: a policy may permit the events about a main unit and
 * not those. Who owns the app may have them all, and grants know of no subjects.
 */
export const isAskedAboutSubunit = (
  { access }: Pick<Services, 'access'>,
  { consumer, resource, subject, includeSubunits }: Permitted,
  about: string | undefined,
): about is string =>
  includeSubunits === true &&
  access.decidedBy === 'policy' &&
  about !== undefined &&
  about !== subject &&
  !ownsApp(consumer, resource)

/**
 * Returns whether a subscriber may still have an event about this subject, by decisions that are at most 5 minutes old. Asks nobody
 * where a built-in rule permits the subscription, unless it is about a subunit. Throws when there is no decision: then nothing
 * ends, and nothing is sent.
 */
export async function mayStillReceive(
  services: Pick<Services, 'access'>,
  subscriber: Permitted,
  about: string | undefined,
): Promise<boolean> {
  const { access } = services
  if (subscriber.accessBy !== undefined && !(await mayStillHave(subscriber, access))) return false
  if (!isAskedAboutSubunit(services, subscriber, about)) return true
  return mayStillHave({ ...subscriber, subject: about }, access)
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
  if (unsavedOutcome(services, delivery)?.outcome.kind === 'delivered') return undefined // nobody need be asked: it has arrived
  if (await mayStillReceive(services, subscriber, delivery.subject)) return undefined
  const now = nowSeconds(services.clock)
  return changeDelivery(services, delivery, (current) => dead(current, WITHDRAWN, now))
}
