import type { Stored } from '../azure/documents.ts'
import { nowSeconds, type Clock } from '../clock.ts'
import { isOpen, type DeliveryDocument } from '../deliveries/delivery.ts'
import { orderIdOf, withBegun, type OrderDocument } from '../deliveries/order-store.ts'
import { isOriginal, referenceTo } from '../events/event-document.ts'
import { timeOf } from '../events/event-id.ts'
import type { EarlierEvent } from '../events/event-store.ts'
import { readWatermark } from '../events/read-watermark.ts'
import type { Services } from '../services.ts'
import { MIN_RETENTION_DAYS } from '../setting-bounds.ts'
import { createFilterMatch } from '../subscriptions/filter-match.ts'
import type { SubscriptionEntry } from '../subscriptions/subscription.ts'
import { sizeOf } from './hold-event.ts'

const MAX_EARLIER = 100 // that are examined before an event; a filter on the type may skip some
const MAX_LAG_SECONDS = 60 // of a replica, and of an instance that fans out by an old index
const MIN_KEPT_SECONDS = MIN_RETENTION_DAYS * 86_400 // that a delivery is kept after it began

/** A delivery of an ordered subscription that may begin, if its event is visible. */
export interface Ready {
  state: 'ready'
  delivery: Stored<DeliveryDocument>
  order: Stored<OrderDocument> | undefined
  isVisible: boolean
  /** No event is stored any more with an id below this bound, since before the earlier events were read. */
  watermark: string
}

/**
 * Otherwise `behind` is an event before it that is not over: that `waits` for its own time, or it is `unsure` when it
 * will be attempted, or whether it has a delivery at all.
 */
type Readiness = Ready | { state: 'waits' | 'unsure'; behind: string }

/**
 * Returns whether a delivery may begin. It may once the last one of its subject that began is over, or is sent again,
 * and each earlier event is over or has none. What has begun before waits for nothing, so two never wait for each other.
 * A replica that lags can only make it later: the events are read after this one, in the same partition, so whatever was
 * stored before it is seen.
 */
export async function readinessOf(
  services: Services,
  subscriber: SubscriptionEntry,
  delivery: Stored<DeliveryDocument>,
): Promise<Readiness> {
  const { subscription } = delivery
  const watermark = readWatermark(services.config.readWatermarkSeconds, services.clock.now())
  const order = await services.orders.find(subscription, orderIdOf(delivery))
  const ready = async (): Promise<Ready> => {
    const isVisible = (await sizeOf(services, referenceTo(delivery, undefined))) !== undefined
    return { state: 'ready', delivery, order, isVisible, watermark }
  }
  if (numberOf(delivery, order) !== undefined) return ready()
  if (order !== undefined) {
    const last = await services.deliveries.find(subscription, order.event)
    const isNone = isOld(services.clock, order._ts) // it had a record when it began
    const state = isSentAgain(last) || isAnew(last, order) ? 'over' : stateOf(last, isNone)
    if (state !== 'over') return { state, behind: order.event }
  }
  const found = await ready()
  if (!found.isVisible) return found
  for (const event of await earlierThan(services, subscriber, delivery, order)) {
    const earlier = await services.deliveries.find(subscription, event.id)
    const state = stateOf(earlier, hasNone(services.clock, subscriber, event))
    if (state !== 'over') return { state, behind: event.id }
  }
  return found
}

/** Returns the earlier events of a subject that the subscription gets and that have not begun, the oldest first. */
async function earlierThan(
  { events }: Services,
  subscriber: SubscriptionEntry,
  delivery: DeliveryDocument,
  order: OrderDocument | undefined,
): Promise<EarlierEvent[]> {
  const range = { after: order?.floor ?? '', before: delivery.id, max: MAX_EARLIER }
  const found = await events.before(delivery, range)
  return found
    .filter(
      (event) =>
        isOriginal(event) &&
        order?.begun.includes(event.id) !== true &&
        createFilterMatch(event, event.alternative)(subscriber), // the subject is that of this event
    )
    .toReversed()
}

function stateOf(
  found: DeliveryDocument | undefined,
  isNone: boolean,
): 'over' | 'waits' | 'unsure' {
  if (found === undefined) return isNone ? 'over' : 'unsure'
  if (!isOpen(found)) return 'over'
  return found.state === 'waiting' ? 'waits' : 'unsure'
}

/** Whether a delivery is sent again, by a retry or a replay: that has its number, and holds up nothing. */
const isSentAgain = (found: DeliveryDocument | undefined): boolean =>
  found !== undefined && found.run > 0 && found.sequence !== undefined

/**
 * Whether a replay made a delivery again after the one with the last number had expired. What began to wait for its event
 * soon after the number was assigned is no new one, though it was written later.
 */
const isAnew = (found: Stored<DeliveryDocument> | undefined, order: Stored<OrderDocument>) =>
  found !== undefined &&
  found.sequence === undefined &&
  (found.missingSince ?? found._ts) - order._ts > MIN_KEPT_SECONDS

/** Returns the number of a delivery: its own, or the last one, where its process died before it stored that. */
const numberOf = (
  delivery: Stored<DeliveryDocument>,
  order: Stored<OrderDocument> | undefined,
): number | undefined =>
  delivery.sequence ??
  (order?.event === delivery.id && !isAnew(delivery, order) ? order.sequence : undefined)

/** Whether an event without a visible delivery has none: it is older than the validation, or its fan-out made none. */
const hasNone = (
  clock: Clock,
  { validated = 0 }: SubscriptionEntry,
  { id, fanOut }: EarlierEvent,
): boolean =>
  timeOf(id).getTime() < validated ||
  (fanOut !== undefined && isOld(clock, Date.parse(fanOut.at) / 1000))

const isOld = (clock: Clock, second: number): boolean =>
  nowSeconds(clock) - second > MAX_LAG_SECONDS

/**
 * Gives a delivery that may begin its number, and stores it before anything is sent. Returns undefined when what was
 * read is not current: then nothing may be sent.
 */
export async function claimSequence(
  services: Services,
  { delivery, order, watermark }: Ready,
): Promise<Stored<DeliveryDocument> | undefined> {
  const known = numberOf(delivery, order)
  if (known !== undefined) return saved(services, { ...delivery, sequence: known })
  const isNew =
    order === undefined || (delivery.id > order.floor && !order.begun.includes(delivery.id))
  const current = isNew ? delivery : await saved(services, delivery) // or a replica shows an older version
  if (current === undefined) return undefined
  const sequence = await assignNumber(services, current, order, watermark)
  return sequence === undefined ? undefined : saved(services, { ...current, sequence })
}

async function saved(
  { deliveries }: Services,
  delivery: Stored<DeliveryDocument>,
): Promise<Stored<DeliveryDocument> | undefined> {
  const written = await deliveries.save(delivery)
  return written.outcome === 'written' ? { ...delivery, _etag: written.etag } : undefined
}

/** Makes the event the one that began last, and returns its number; undefined when another was first. */
async function assignNumber(
  { orders }: Services,
  { id: event, subscription, ...subject }: DeliveryDocument,
  order: Stored<OrderDocument> | undefined,
  watermark: string,
): Promise<number | undefined> {
  if (order !== undefined) {
    const begun = withBegun(order, event, watermark)
    const { outcome } = await orders.save({ ...order, ...begun })
    return outcome === 'written' ? begun.sequence : undefined
  }
  const none = { sequence: 0, event: '', floor: '', begun: [] }
  const first = { v: 1 as const, id: orderIdOf(subject), subscription }
  const { outcome } = await orders.add({ ...first, ...withBegun(none, event, watermark) })
  return outcome === 'created' ? 1 : undefined
}
