import type { Stored } from '../azure/documents.ts'
import { nowSeconds } from '../clock.ts'
import type { DeliveryDocument } from '../deliveries/delivery.ts'
import { deliveryReferenceTo } from '../messages.ts'
import type { Services } from '../services.ts'
import { redrive } from './redrive.ts'
import { claimSeconds } from './sweep-events.ts'

/**
 * Sends each due delivery to its attempt, the longest overdue first, until none is left or `endMs` (epoch milliseconds)
 * has passed. Claims each first, as for events. A delivery never dies by the number of its claims. Returns how many
 * were sent.
 */
export const sweepDeliveries = (services: Services, endMs: number): Promise<number> =>
  redrive(
    services,
    () => services.deliveries.overdue(nowSeconds(services.clock)),
    (delivery) => redriveDelivery(services, delivery),
    endMs,
  )

async function redriveDelivery(
  { deliveries, retryQueue, clock }: Services,
  delivery: Stored<DeliveryDocument>,
): Promise<boolean> {
  const { redrives = 0 } = delivery
  const due = nowSeconds(clock) + claimSeconds(redrives)
  const { outcome, session } = await deliveries.save({ ...delivery, due, redrives: redrives + 1 })
  if (outcome === 'changed') return false
  await retryQueue.send(deliveryReferenceTo(delivery, { delivery: session }))
  return true
}
