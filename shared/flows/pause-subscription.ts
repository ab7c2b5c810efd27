import type { Stored } from '../azure/documents.ts'
import { nowSeconds } from '../clock.ts'
import type { Services } from '../services.ts'
import { busyUntilOf } from '../subscriptions/busy-drain.ts'
import type { Circuit } from '../subscriptions/circuit-breaker.ts'
import { paused, resumed } from '../subscriptions/owner-pause.ts'
import { updateSubscription } from '../subscriptions/subscription-store.ts'
import { withCircuit, type SubscriptionDocument } from '../subscriptions/subscription.ts'
import { subscriptionNotFound } from './manage-subscriptions.ts'
import { sendDrain } from './send-drain.ts'
import { requireActive } from './start-replay.ts'

type Read = Stored<SubscriptionDocument>

/** Pauses a subscription for its owner. Throws a 409 when it is not active, a 404 when it is deleted meanwhile. */
export const pauseSubscription = (services: Services, read: Read): Promise<SubscriptionDocument> =>
  change(services, read, (circuit, token) => paused(circuit, services.clock.now(), token))

/** Ends the owner's pause, and starts the drain of what has waited. Throws as `pauseSubscription`. */
export const resumeSubscription = (services: Services, read: Read): Promise<SubscriptionDocument> =>
  change(services, read, (circuit, token) => resumed(circuit, services.clock.now(), token))

/**
 * Writes the circuit even where it is as wanted: that proves that a lagging replica did not show one from before the last
 * pause or its end.
 */
async function change(
  services: Services,
  read: Read,
  next: (circuit: Circuit | undefined, token: string) => Circuit | undefined,
): Promise<SubscriptionDocument> {
  const token = services.newToken()
  let busyUntil = 0 // epoch seconds
  const updated = await updateSubscription(services.subscriptions, read, (current) => {
    requireActive(current)
    busyUntil = busyUntilOf(current.circuit, services.clock.now())
    return withCircuit(current, next(current.circuit, token))
  })
  if (updated === undefined) throw subscriptionNotFound(read.number)
  services.index.invalidate()
  const delaySeconds = Math.max(0, busyUntil - nowSeconds(services.clock))
  await sendDrain(services, updated, token, delaySeconds)
  return updated.document
}
