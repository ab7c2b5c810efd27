import { closed, nowSeconds, type DeliveryDocument } from '../deliveries/delivery.ts'
import type { Stored } from '../azure/documents.ts'
import type { Matcher } from '../subscriptions/matcher.ts'
import { deliveryReferenceTo } from '../messages.ts'
import { rescueAll } from './redrive-overdue.ts'
import type { Services } from '../services.ts'

const MOST_RESCUES = 8

/**
 * Asks again for every delivery that is overdue, oldest first, until none is left or `endMs` (epoch) has come. Each is
 * taken first, as events are; those of a paused subscription wait for the end of its pause. Gives how many were sent.
 */
export async function rescueDeliveries(services: Services, endMs: number): Promise<number> {
  const matcher = await services.index.current()
  const { overdue } = services.deliveries
  return rescueAll(overdue, (delivery) => rescue(services, matcher, delivery), endMs)
}

async function rescue(
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
  if (delivery.rescues >= MOST_RESCUES) {
    await services.deliveries.save(
      closed(delivery, 'dead', `no attempt after ${MOST_RESCUES} rescues`),
    )
    return false
  }
  return take(services, delivery, false)
}

/** Takes a delivery for 1, 2, 4 … 60 minutes and asks for its attempt; false where another was first. */
export async function take(
  services: Services,
  delivery: Stored<DeliveryDocument>,
  probe: boolean,
): Promise<boolean> {
  const due = nowSeconds() + 60 * Math.min(60, 2 ** delivery.rescues)
  const taken = { ...delivery, due, rescues: delivery.rescues + (probe ? 0 : 1) }
  const { outcome, session } = await services.deliveries.save(taken)
  if (outcome === 'changed') return false
  const message = deliveryReferenceTo(taken, { delivery: session })
  await services.retry.send(probe ? { ...message, probe } : message)
  return true
}
