import { nowSeconds } from '../clock.ts'
import type { OverdueDelivery } from '../deliveries/delivery-store.ts'
import { deliveryReferenceTo } from '../messages.ts'
import type { Services } from '../services.ts'
import { redrive } from './redrive.ts'
import { claimSeconds } from './sweep-events.ts'

interface Needed extends Pick<Services, 'clock'> {
  deliveries: Pick<Services['deliveries'], 'overdue' | 'claim'>
  retryQueue: Pick<Services['retryQueue'], 'send'>
}

/**
 * Sends due deliveries to their attempts, the longest overdue first, within the bounds of `redrive`. Claims each first,
 * as for events. A delivery never dies by the number of its claims. Returns how many were sent.
 */
export const sweepDeliveries = (services: Needed, endMs: number): Promise<number> =>
  redrive(
    services,
    () => services.deliveries.overdue(nowSeconds(services.clock)),
    (delivery) => redriveDelivery(services, delivery),
    endMs,
  )

async function redriveDelivery(
  { deliveries, retryQueue, clock }: Needed,
  delivery: OverdueDelivery,
): Promise<boolean> {
  const due = nowSeconds(clock) + claimSeconds(delivery.redrives)
  const { outcome, session } = await deliveries.claim(delivery, due)
  if (outcome === 'changed') return false // another sweep claimed it, or it has moved on
  await retryQueue.send(deliveryReferenceTo(delivery, { delivery: session }))
  return true
}
