import type { Stored } from '../azure/documents.ts'
import { nowSeconds, type Clock } from '../clock.ts'
import { isOpen, type DeliveryDocument } from '../deliveries/delivery.ts'
import { orderIdOf, type OrderDocument } from '../deliveries/order-store.ts'
import { referenceTo } from '../events/event-document.ts'
import type { Services } from '../services.ts'

const MAX_LAG_SECONDS = 60 // of a replica, and of an instance that fans out by an old index

/**
 * Whether a delivery of an ordered subscription may begin. Otherwise, `behind` is the event before it that is not over:
 * that `waits` for its own time, or it is `unsure` when it will be attempted, or whether it has a delivery at all.
 */
export type Turn =
  | { state: 'free'; order: Stored<OrderDocument> | undefined }
  | { state: 'waits' | 'unsure'; behind: string }

/**
 * Returns the turn of a delivery: it may begin once the event before it, and the one of its subject that began last, are
 * over. A replica that lags can only make it later. One that has begun already waits for none that has not, so two never
 * wait for each other.
 */
export async function turnOf(
  services: Services,
  delivery: Stored<DeliveryDocument>,
): Promise<Turn> {
  const { previous, sequence, id, subscription } = delivery
  const order = await services.orders.find(subscription, orderIdOf(delivery))
  const hasBegun = sequence !== undefined || order?.event === id
  const before = new Set(hasBegun ? [previous] : [order?.event, previous])
  for (const event of before) {
    if (event === undefined) continue
    const state = await stateOf(services, delivery, event, hasBegun, order)
    if (state !== 'over') return { state, behind: event }
  }
  return { state: 'free', order }
}

async function stateOf(
  services: Services,
  delivery: Stored<DeliveryDocument>,
  event: string,
  hasBegun: boolean,
  order: Stored<OrderDocument> | undefined,
): Promise<'over' | 'waits' | 'unsure'> {
  const found = await services.deliveries.find(delivery.subscription, event)
  if (hasBegun && found?.sequence === undefined) return 'over'
  if (found !== undefined && !isOpen(found)) return 'over'
  if (found !== undefined) return found.state === 'waiting' ? 'waits' : 'unsure'
  const isNone =
    order?.event === event
      ? isOld(services.clock, order._ts) // it had a record then, which is over and expired, or erased
      : await hasNone(services, delivery, event)
  return isNone ? 'over' : 'unsure'
}

/** Whether an event has no delivery for certain: its fan-out made none, or it is erased. */
async function hasNone(
  { events, clock }: Services,
  delivery: Stored<DeliveryDocument>,
  event: string,
): Promise<boolean> {
  const found = await events.find({ ...referenceTo(delivery, undefined), event })
  if (found === undefined) return isOld(clock, delivery._ts)
  const { fanOut, duplicateOf } = found
  return duplicateOf !== undefined || (fanOut !== undefined && isOld(clock, secondOf(fanOut.at)))
}

const secondOf = (time: string): number => Date.parse(time) / 1000
const isOld = (clock: Clock, second: number): boolean => nowSeconds(clock) - second > MAX_LAG_SECONDS

/**
 * Gives a delivery that may begin its number, and stores it before anything is sent. Returns undefined when what was
 * read is not current: then nothing may be sent.
 */
export async function takeTurn(
  services: Services,
  delivery: Stored<DeliveryDocument>,
  order: Stored<OrderDocument> | undefined,
): Promise<Stored<DeliveryDocument> | undefined> {
  if (delivery.sequence !== undefined) return saved(services, delivery)
  if (order?.event === delivery.id) return saved(services, { ...delivery, sequence: order.sequence })
  const mayHaveBegun = order !== undefined && delivery.id <= order.newest // and a replica shows an older version
  const current = mayHaveBegun ? await saved(services, delivery) : delivery
  if (current === undefined) return undefined
  const sequence = await takeNumber(services, current, order)
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
async function takeNumber(
  { orders }: Services,
  { id: event, subscription, ...delivery }: DeliveryDocument,
  order: Stored<OrderDocument> | undefined,
): Promise<number | undefined> {
  if (order === undefined) {
    const first = { v: 1 as const, id: orderIdOf(delivery), subscription, sequence: 1 }
    const { outcome } = await orders.add({ ...first, event, newest: event })
    return outcome === 'created' ? 1 : undefined
  }
  const sequence = order.sequence + 1
  const newest = event > order.newest ? event : order.newest
  const { outcome } = await orders.save({ ...order, sequence, event, newest })
  return outcome === 'written' ? sequence : undefined
}
