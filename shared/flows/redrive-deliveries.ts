import { ended, nowSeconds, type DeliveryDocument } from '../deliveries/delivery.ts'
import type { Stored } from '../azure/documents.ts'
import type { Matcher } from '../subscriptions/matcher.ts'
import { deliveryReferenceTo } from '../messages.ts'
import { redriveOverdue } from './redrive-overdue.ts'
import type { Services } from '../services.ts'

const MOST_RESCUES = 8

/**
 * Asks again for every delivery that is overdue, oldest first, until none is left or `endMs` (epoch) has come. Each is
 * taken first, as events are; those of a paused subscription wait for the end of its pause. Gives how many were sent.
 */
export async function redriveDeliveries(services: Services, endMs: number): Promise<number> {
  const matcher = await services.index.current()
  const { overdue } = services.deliveries
  return redriveOverdue(overdue, (delivery) => redriveDelivery(services, matcher, delivery), endMs)
}

async function redriveDelivery(
  services: Services,
  matcher: Matcher,
  delivery: Stored<DeliveryDocument>,
): Promise<boolean> {
  const subscription = matcher.get(Number(delivery.subscription))
  if (subscription?.pausedUntil !== undefined) {
    const due = Math.max(
      subscription.pausedUntil,
      nowSeconds() + services.config.repairAfterSeconds,
    )
    await services.deliveries.save({ ...delivery, due })
    return false
  }
  if (delivery.redrives >= MOST_RESCUES) {
    await services.deliveries.save(
      ended(delivery, 'dead', `no attempt after ${MOST_RESCUES} rescues`),
    )
    return false
  }
  return claim(services, delivery, false)
}

/** Takes a delivery for 1, 2, 4 … 60 minutes and asks for its attempt; false where another was first. */
export async function claim(
  services: Services,
  delivery: Stored<DeliveryDocument>,
  probe: boolean,
): Promise<boolean> {
  const due = nowSeconds() + 60 * Math.min(60, 2 ** delivery.redrives)
  const taken = { ...delivery, due, redrives: delivery.redrives + (probe ? 0 : 1) }
  const { outcome, session } = await services.deliveries.save(taken)
  if (outcome === 'changed') return false
  const message = deliveryReferenceTo(taken, { delivery: session })
  await services.retryQueue.send(probe ? { ...message, probe } : message)
  return true
}
