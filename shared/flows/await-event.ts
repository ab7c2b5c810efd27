import type { Stored } from '../azure/documents.ts'
import { nowSeconds, type Clock } from '../clock.ts'
import { dead, type DeliveryDocument } from '../deliveries/delivery.ts'
import type { Services } from '../services.ts'
import { changeDelivery } from './change-delivery.ts'

const GONE_AFTER_SECONDS = 3600
const MAX_LAG_SECONDS = 120
const RECHECK_SECONDS = 30

/**
 * Whether an epoch second is more than an hour ago. No replica lags that long, so what is not visible by then is gone.
 */
export const isLongAgo = (clock: Clock, seconds: number | undefined): boolean =>
  seconds !== undefined && nowSeconds(clock) - seconds > GONE_AFTER_SECONDS

/**
 * Postpones a delivery whose event is not visible, so that it does not block the backlog: by 30 s at first, later until
 * the event is certainly gone. Then the delivery is dead. Returns the delivery's state.
 */
export function awaitEvent(services: Services, read: Stored<DeliveryDocument>) {
  const { clock } = services
  const now = nowSeconds(clock)
  return changeDelivery(services, read, (delivery) => {
    const { missingSince = now } = delivery
    if (isLongAgo(clock, missingSince)) return dead(delivery, 'the event is gone', now)
    const isNew = now - missingSince < MAX_LAG_SECONDS
    const due = isNew ? now + RECHECK_SECONDS : missingSince + GONE_AFTER_SECONDS + 1
    return { ...delivery, state: 'waiting', missingSince, due }
  })
}
