import { forEachConcurrently } from '../azure/concurrency.ts'
import { nowSeconds } from '../clock.ts'
import { dead, newDelivery, type DeliveryDocument } from '../deliveries/delivery.ts'
import type { Stored } from '../azure/documents.ts'
import { isHalfExpired } from '../deliveries/retention.ts'
import { timeOf } from '../events/event-id.ts'
import type { Services } from '../services.ts'
import type { Matcher } from '../subscriptions/matcher.ts'
import type { SubscriptionEntry } from '../subscriptions/subscription.ts'
import { CIRCUIT_MAX_AGE_MS } from '../subscriptions/circuit-breaker.ts'
import { SLOW_MS } from '../webhooks/concurrency-limit.ts'
import { addDelivery, ensureDrain, ensureRecordDrain, type FanOut } from './add-delivery.ts'
import { attemptFirst } from './attempt-first.ts'
import { findMainUnits } from './find-main-units.ts'
import { isAskedAboutSubunit, mayStillReceive, WITHDRAWN } from './check-access.ts'
import { mayAttemptNow } from './send-webhook.ts'
import { storeUnsaved } from './store-first-outcome.ts'

const CONCURRENCY = 64

/**
 * Attempts an event at every matching subscriber, or adds it to the subscriber's backlog. Returns the number of
 * subscribers; each that is not deleted meanwhile then has a record. Throws when a record is not confirmed to be stored, or
 * when the register does not say whose subunit the event is about; repeating the fan-out is safe.
 */
export async function fanOut(services: Services, given: Omit<FanOut, 'knownAt'>): Promise<number> {
  const { id, event, alternative, late } = given.event
  const accepted = timeOf(late ?? id).getTime() // late: stored long after its id was made
  const finding = findMainUnits(services, await services.index.current(), given.event)
  const others = await deliverToAll(services, given, (matcher) =>
    matcher.match(event, alternative, accepted),
  )
  const mainUnits = await finding // after the others: they do not wait for the register
  if (mainUnits === 'unavailable') throw new Error(`The main unit of event ${id} is not known now.`)
  if (mainUnits.length === 0) return others
  const ofMainUnits = await deliverToAll(services, given, (matcher) =>
    matcher.matchSubunit(event, alternative, accepted, mainUnits),
  )
  return others + ofMainUnits
}

/** Delivers to whom the index finds now. Returns how many they are. */
async function deliverToAll(
  services: Services,
  given: Omit<FanOut, 'knownAt'>,
  find: (matcher: Matcher) => SubscriptionEntry[],
): Promise<number> {
  const fan = { ...given, knownAt: services.clock.now() }
  const subscribers = find(await services.index.current())
  const deliver = (subscriber: SubscriptionEntry) => deliverTo(services, fan, subscriber)
  await forEachConcurrently(subscribers, CONCURRENCY, deliver, Infinity) // a failure does not stop the others
  return subscribers.length
}

async function deliverTo(
  services: Services,
  fan: FanOut,
  subscriber: SubscriptionEntry,
): Promise<void> {
  const { concurrencyLimit, deliveries } = services
  const subscription = String(subscriber.number)
  const known = fan.isRepeat ? await deliveries.find(subscription, fan.event.id) : undefined
  if (known !== undefined) await keepRecord(services, known)
  if (await storeUnsaved(services, fan, subscriber)) return
  if (known !== undefined) return ensureRecordDrain(services, fan, subscriber, known)
  const right = mayAttemptNow(subscriber) ? await rightOf(services, fan, subscriber) : 'unknown'
  if (right === 'withdrawn') return addWithdrawn(services, fan, subscriber)
  const release =
    right === 'held'
      ? await concurrencyLimit.acquire(subscription, { bytes: fan.body.length })
      : undefined
  if (release === undefined) await addToBacklog(services, fan, subscriber)
  else await attemptFirst(services, fan, subscriber, release)
}

/** Keeps the record of what has arrived from expiring while its event is pending: without it, this would send it again. */
async function keepRecord(
  { deliveries, clock }: Services,
  known: Stored<DeliveryDocument>,
): Promise<void> {
  if (isHalfExpired(known, nowSeconds(clock))) await deliveries.save(known)
}

/**
 * Returns whether a subscriber may still have events. Where that is unknown, as when the policy decision point does not answer,
 * the backlog's drain asks again: it holds up nobody else.
 */
async function rightOf(
  services: Services,
  { event: { event } }: FanOut,
  subscriber: SubscriptionEntry,
): Promise<'held' | 'withdrawn' | 'unknown'> {
  const isAsked = subscriber.accessBy !== undefined
  if (!isAsked && !isAskedAboutSubunit(services, subscriber, event.subject)) return 'held'
  const slow = services.clock.timeout(SLOW_MS)
  const asked = mayStillReceive(services, subscriber, event.subject).then(
    (may) => (may ? 'held' : 'withdrawn'),
    () => 'unknown' as const,
  )
  const right = await Promise.race([asked, slow.ended])
  slow.cancel()
  return right ?? 'unknown'
}

async function addWithdrawn(
  services: Services,
  fan: FanOut,
  subscriber: SubscriptionEntry,
): Promise<void> {
  const delivery = newDelivery(fan.event, subscriber)
  const record = dead(delivery, WITHDRAWN, nowSeconds(services.clock))
  const { known = record, session } = await addDelivery(services, record)
  services.telemetry.recordDelivery(known === record ? 'dead' : 'changed')
  await ensureRecordDrain(services, fan, subscriber, known, session)
}

/**
 * Adds a delivery to the backlog. Its drain is started first: a process that dies in between leaves no record without a
 * due time, even if the event is erased and no copy of the message finds it.
 */
async function addToBacklog(
  services: Services,
  fan: FanOut,
  subscriber: SubscriptionEntry,
): Promise<void> {
  const delivery = newDelivery(fan.event, subscriber)
  const drainedAt = services.clock.now()
  if ((await ensureDrain(services, fan, subscriber)) === 'deleted') return
  const { known = delivery, session } = await addDelivery(services, delivery)
  services.telemetry.recordDelivery(known === delivery ? 'backlog' : 'changed')
  const isLate = services.clock.now() - drainedAt > CIRCUIT_MAX_AGE_MS
  if (isLate) await ensureRecordDrain(services, fan, subscriber, known, session)
}
