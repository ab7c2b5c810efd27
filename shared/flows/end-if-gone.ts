import type { Stored } from '../azure/documents.ts'
import { nowSeconds } from '../clock.ts'
import { dead, type DeliveryDocument } from '../deliveries/delivery.ts'
import { timeOf } from '../events/event-id.ts'
import type { Services } from '../services.ts'
import { changeDelivery } from './change-delivery.ts'

const GONE_AFTER_MS = 3_600_000

/**
 * Whether an event was published so long ago (1 h) that what is not to be seen of it is gone: no replica lags so long.
 * Before, it is looked for again.
 */
export const isLongAgo = ({ clock }: Pick<Services, 'clock'>, { id }: { id: string }): boolean =>
  clock.now() - timeOf(id).getTime() > GONE_AFTER_MS

/** Ends a delivery whose event is gone: erased, or older than events are kept. Throws where it may only lag. */
export function endIfGone(services: Services, delivery: Stored<DeliveryDocument>) {
  if (!isLongAgo(services, delivery)) throw new Error(`Event ${delivery.id} is not to be seen yet.`)
  return changeDelivery(services, delivery, (current) =>
    dead(current, 'the event is gone', nowSeconds(services.clock)),
  )
}
