import type { Stored } from '../azure/documents.ts'
import { timeOf } from '../events/event-id.ts'
import { EVENT_RETENTION_DAYS } from '../setting-bounds.ts'
import type { DeliveryDocument } from './delivery.ts'

const HOUR = 3600
const DAY = 24 * HOUR
const EVENT_SECONDS = EVENT_RETENTION_DAYS * DAY

/** What says how long a delivery is kept. */
export type Kept = Pick<DeliveryDocument, 'id' | 'state' | 'due'>

/**
 * Returns in how many seconds Cosmos DB deletes a record, counted from its write. What has arrived or is cancelled is kept
 * for the retention, and an hour more: clocks differ, and a replay of `missing` may begin at the very limit. The others
 * live as long as their event, but always a day beyond their next attempt, so that they end by it and not without a word.
 */
export function timeToLive(delivery: Kept, retentionSeconds: number, nowSeconds: number): number {
  if (isShortLived(delivery)) return retentionSeconds + HOUR
  const eventEnd = timeOf(delivery.id).getTime() / 1000 + EVENT_SECONDS
  const { due = nowSeconds } = delivery
  return Math.ceil(Math.max(eventEnd, due + DAY, nowSeconds + DAY) - nowSeconds)
}

const isShortLived = ({ state }: Kept): boolean => state === 'delivered' || state === 'cancelled'

/** Whether a record of what has arrived has lived half its time, so that it must be written again to be kept. */
export const isHalfExpired = (delivery: Stored<DeliveryDocument>, nowSeconds: number): boolean => {
  const { ttl = Infinity, _ts } = delivery
  return isShortLived(delivery) && nowSeconds - _ts > ttl / 2
}

/** Whether the record of an event's delivery may have expired, so that its absence says nothing. Times in ms. */
export const mayHaveExpired = (eventTime: number, retentionSeconds: number, now: number): boolean =>
  now - eventTime > (retentionSeconds + HOUR / 2) * 1000
