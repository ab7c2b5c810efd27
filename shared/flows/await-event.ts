import type { Stored } from '../azure/documents.ts'
import { nowSeconds } from '../clock.ts'
import { dead, type DeliveryDocument } from '../deliveries/delivery.ts'
import { timeOf } from '../events/event-id.ts'
import type { Services } from '../services.ts'
import { changeDelivery } from './change-delivery.ts'

const GONE_AFTER_SECONDS = 3600
const MAY_LAG_SECONDS = 120
const LOOK_AGAIN_SECONDS = 30

/**
 * Whether an event, or a replay, is so old (1 h) that what is not to be seen of it is gone: no replica lags so long. Before,
 * it is looked for again.
 */
export const isLongAgo = (services: Pick<Services, 'clock'>, { id }: { id: string }): boolean =>
  ageSeconds(services, id) > GONE_AFTER_SECONDS

/**
 * What becomes of a delivery whose event is not to be seen: it is dead where the event is gone (erased, or older than events
 * are kept); else it waits by itself, so that it does not stand before others, for a moment or until the event is gone.
 */
export function awaitEvent(services: Services, delivery: Stored<DeliveryDocument>) {
  const age = ageSeconds(services, delivery.id)
  const now = nowSeconds(services.clock)
  const wait = age > MAY_LAG_SECONDS ? GONE_AFTER_SECONDS - age + 1 : LOOK_AGAIN_SECONDS
  return changeDelivery(services, delivery, (current) =>
    age > GONE_AFTER_SECONDS
      ? dead(current, 'the event is gone', now)
      : { ...current, state: 'waiting', due: Math.ceil(now + wait) },
  )
}

const ageSeconds = ({ clock }: Pick<Services, 'clock'>, id: string): number =>
  (clock.now() - timeOf(id).getTime()) / 1000
