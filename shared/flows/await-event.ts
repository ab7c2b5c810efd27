import type { Stored } from '../azure/documents.ts'
import { nowSeconds, type Clock } from '../clock.ts'
import { dead, type DeliveryDocument } from '../deliveries/delivery.ts'
import type { Services } from '../services.ts'
import { changeDelivery } from './change-delivery.ts'

const GONE_AFTER_SECONDS = 3600
const MAX_LAG_SECONDS = 120
const RECHECK_SECONDS = 30

/**
 * Whether an epoch second is so long ago (1 h) that what has not been seen since is gone: no replica lags so long. Before, it
 * is looked for again.
 */
export const isLongAgo = (clock: Clock, seconds: number | undefined): boolean =>
  seconds !== undefined && nowSeconds(clock) - seconds > GONE_AFTER_SECONDS

/**
 * What becomes of a delivery whose event is not to be seen: it waits by itself, so that it does not stand before others, for
 * a moment, and then until the event is gone (erased, or older than events are kept): then it is dead.
 */
export function awaitEvent({ deliveries, clock }: Services, read: Stored<DeliveryDocument>) {
  const now = nowSeconds(clock)
  return changeDelivery({ deliveries }, read, (delivery) => {
    const { missingSince = now } = delivery
    if (isLongAgo(clock, missingSince)) return dead(delivery, 'the event is gone', now)
    const isNew = now - missingSince < MAX_LAG_SECONDS
    const due = isNew ? now + RECHECK_SECONDS : missingSince + GONE_AFTER_SECONDS + 1
    return { ...delivery, state: 'waiting', missingSince, due }
  })
}
