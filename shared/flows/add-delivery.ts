import type { DeliveryDocument } from '../deliveries/delivery.ts'
import type { EventDocument } from '../events/event-document.ts'
import type { Services } from '../services.ts'
import { isClosed, CIRCUIT_MAX_AGE_MS } from '../subscriptions/circuit-breaker.ts'
import type { SubscriptionEntry } from '../subscriptions/subscription.ts'
import { cancelDeleted } from './change-delivery.ts'
import { startDrain } from './update-circuit.ts'

/** A fan-out under way. */
export interface FanOut {
  event: EventDocument
  body: Buffer
  session: string | undefined
  traceparent: string
  /** Whether an earlier run may have been interrupted: then existing records are looked up first. */
  isRepeat: boolean
  knownAt: number
}

/**
 * Makes sure that a drain will find what is in the backlog, or joins it within seconds: starts one unless the index showed,
 * within the last 5 s, a circuit that is not closed. Returns `deleted` when the subscriber is.
 */
export async function ensureDrain(
  services: Services,
  { knownAt }: Pick<FanOut, 'knownAt'>,
  subscriber: SubscriptionEntry,
): Promise<'deleted' | undefined> {
  const isKnown = services.clock.now() - knownAt <= CIRCUIT_MAX_AGE_MS
  return isKnown && !isClosed(subscriber.circuit) ? undefined : startDrain(services, subscriber)
}

/**
 * Makes sure that a record has its drain if it is in the backlog. That of a deleted subscriber is cancelled. `session` is the
 * token of its write, if known: what is deleted is matched by no later copy, which could do it.
 */
export async function ensureRecordDrain(
  services: Services,
  fan: Pick<FanOut, 'knownAt'>,
  subscriber: SubscriptionEntry,
  { state, id }: DeliveryDocument,
  session?: string,
): Promise<void> {
  if (state === 'backlog' && (await ensureDrain(services, fan, subscriber)) === 'deleted')
    await cancelDeleted(services, String(subscriber.number), id, session)
}

/**
 * Creates a record. Returns `known`, the record that another copy of this work has created. That one may have put it into the
 * backlog so late that its drain was over, and have ended then, so `ensureRecordDrain` is needed for a known record too.
 * Throws when the record is not confirmed.
 */
export async function addDelivery({ deliveries }: Services, delivery: DeliveryDocument) {
  const { subscription, id } = delivery
  const { outcome, session } = await deliveries.add(delivery)
  if (outcome === 'unconfirmed') throw new Error(`Delivery ${id} is not confirmed to be stored.`)
  if (outcome === 'created') return { session, known: undefined }
  const known = await deliveries.find(subscription, id, session)
  if (known === undefined) throw new Error(`Delivery ${id} is not visible yet.`)
  return { session, known }
}
