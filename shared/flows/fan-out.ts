import { forEachConcurrently } from '../azure/concurrency.ts'
import { nowSeconds } from '../clock.ts'
import { dead, newDelivery, type DeliveryDocument } from '../deliveries/delivery.ts'
import type { Stored } from '../azure/documents.ts'
import type { EventDocument } from '../events/event-document.ts'
import { isHalfExpired } from '../deliveries/retention.ts'
import { timeOf } from '../events/event-id.ts'
import type { Services } from '../services.ts'
import type { Attempted } from '../webhooks/webhook-outcome.ts'
import { isClosed, CIRCUIT_MAX_AGE_MS } from '../subscriptions/circuit-breaker.ts'
import { secretsOf, type SubscriptionEntry } from '../subscriptions/subscription.ts'
import { SLOW_MS } from '../webhooks/concurrency-limit.ts'
import { findMainUnits } from './find-main-units.ts'
import { cancelDeleted } from './change-delivery.ts'
import { isAskedAboutSubunit, mayStillReceive, WITHDRAWN } from './check-access.ts'
import { forgetOutcome, mayAttemptNow, sendWebhook } from './send-webhook.ts'
import { recordAfter, sendRetry, storeOutcome } from './store-outcome.ts'
import { startDrain, storeAndUpdateCircuit } from './update-circuit.ts'

const CONCURRENCY = 64

/** A fan-out under way. */
interface FanOut {
  event: EventDocument
  body: Buffer
  session: string | undefined
  traceparent: string
  /** Whether an earlier run may have been interrupted: then existing records are looked up first. */
  isRepeat: boolean
  knownAt: number
}

/**
 * Attempts an event at every matching subscriber, or adds it to the subscriber's backlog. Returns the number of
 * subscribers; each then has a record. Throws when a record is not confirmed to be stored, or when the register does not
 * say whose subunit the event is about; repeating the fan-out is safe.
 */
export async function fanOut(services: Services, given: Omit<FanOut, 'knownAt'>): Promise<number> {
  const knownAt = services.clock.now()
  const matcher = await services.index.current()
  const { id, event, alternative, late } = given.event
  const accepted = timeOf(late ?? id).getTime() // late: stored long after its id was made
  const deliver = (subscriber: SubscriptionEntry) =>
    deliverTo(services, { ...given, knownAt }, subscriber)
  const finding = findMainUnits(services, matcher, given.event)
  const subscribers = matcher.match(event, alternative, accepted)
  await forEachConcurrently(subscribers, CONCURRENCY, deliver, Infinity) // a failure does not stop the others
  const mainUnits = await finding // after the others: they do not wait for the register
  if (mainUnits === 'unavailable') throw new Error(`The main unit of event ${id} is not known now.`)
  const ofMainUnits = matcher.matchSubunit(event, alternative, accepted, mainUnits)
  await forEachConcurrently(ofMainUnits, CONCURRENCY, deliver, Infinity)
  return subscribers.length + ofMainUnits.length
}

async function deliverTo(
  services: Services,
  fan: FanOut,
  subscriber: SubscriptionEntry,
): Promise<void> {
  const { concurrencyLimit, deliveries } = services
  const subscription = String(subscriber.number)
  const known = fan.isRepeat ? await deliveries.find(subscription, fan.event.id) : undefined
  if (known !== undefined) {
    await keepRecord(services, known)
    return ensureDrain(services, fan, subscriber, known)
  }
  const right = mayAttemptNow(subscriber) ? await rightOf(services, fan, subscriber) : 'unknown'
  if (right === 'withdrawn') return addWithdrawn(services, fan, subscriber)
  const release =
    right === 'held'
      ? await concurrencyLimit.acquire(subscription, { bytes: fan.body.length })
      : undefined
  if (release === undefined) await addToBacklog(services, fan, subscriber)
  else await attempt(services, fan, subscriber, release)
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
  { event }: FanOut,
  subscriber: SubscriptionEntry,
): Promise<void> {
  const delivery = newDelivery(event, subscriber)
  await addDelivery(services, dead(delivery, WITHDRAWN, nowSeconds(services.clock)))
  services.telemetry.recordDelivery('dead')
}

async function addToBacklog(
  services: Services,
  fan: FanOut,
  subscriber: SubscriptionEntry,
): Promise<void> {
  const delivery = newDelivery(fan.event, subscriber)
  await addDelivery(services, delivery)
  services.telemetry.recordDelivery('backlog')
  await ensureDrain(services, fan, subscriber, delivery)
}

/**
 * Makes sure that a drain will find a record in the backlog: starts one unless the index showed, within the last 5 s, a
 * circuit that is not closed.
 */
async function ensureDrain(
  services: Services,
  { knownAt }: FanOut,
  subscriber: SubscriptionEntry,
  { state, id }: DeliveryDocument,
): Promise<void> {
  if (state !== 'backlog') return
  const isKnown = services.clock.now() - knownAt <= CIRCUIT_MAX_AGE_MS
  if (isKnown && !isClosed(subscriber.circuit)) return
  if ((await startDrain(services, subscriber)) === 'deleted')
    await cancelDeleted(services, String(subscriber.number), id)
}

/** Attempts the delivery. A record is created after 2 s even without an answer. */
async function attempt(
  services: Services,
  fan: FanOut,
  subscriber: SubscriptionEntry,
  release: () => void,
): Promise<void> {
  const delivery = newDelivery(fan.event, subscriber)
  const { body, traceparent } = fan
  const receiver = { ...subscriber, secrets: secretsOf(subscriber) }
  const sending = sendWebhook(services, receiver, body, delivery, traceparent).finally(release)
  const slow = services.clock.timeout(SLOW_MS)
  const attempted = await Promise.race([sending, slow.ended])
  slow.cancel()
  if (attempted === undefined) await recordOpenAttempt(services, fan, delivery, subscriber, sending)
  else await storeFirstOutcome(services, fan, delivery, subscriber, attempted)
}

async function storeFirstOutcome(
  services: Services,
  { session }: FanOut,
  delivery: DeliveryDocument,
  subscriber: SubscriptionEntry,
  attempted: Attempted,
): Promise<void> {
  await storeAndUpdateCircuit(services, subscriber, asFirstAttempt(attempted), async () => {
    const { record, waitSeconds } = recordAfter(services, delivery, attempted)
    const created = await addDelivery(services, record)
    if (created.outcome === 'exists' && attempted.outcome.kind !== 'failed')
      return storeInRecord(services, delivery, created.session, attempted) // of another copy, which may still wait
    forgetOutcome(services, subscriber, delivery)
    services.telemetry.recordDelivery(record.state)
    if (created.outcome === 'created')
      await sendRetry(services, record, waitSeconds, { event: session, delivery: created.session })
  })
}

/**
 * Creates the record of an attempt that is still open, due after its time limit, and stores the outcome in the
 * background. The circuit is updated even if the record is not confirmed or another copy of the message created it.
 */
async function recordOpenAttempt(
  services: Services,
  { body }: FanOut,
  delivery: DeliveryDocument,
  subscriber: SubscriptionEntry,
  sending: Promise<Attempted>,
): Promise<void> {
  const { clock, config, background } = services
  const longest = Math.ceil(config.delivery.timeoutMs / 1000) + config.repairAfterSeconds
  const due = nowSeconds(clock) + longest
  const release = services.bytesInHand.hold(body.length) // the fan-out ends before
  const adding = addDelivery(services, { ...delivery, state: 'waiting', due })
  const storeLate = async (attempted: Attempted) =>
    storeInRecord(services, delivery, (await adding).session, attempted)
  background.run(
    sending
      .finally(release)
      .then((attempted) =>
        storeAndUpdateCircuit(services, subscriber, asFirstAttempt(attempted), () =>
          storeLate(attempted),
        ),
      ),
  )
  await adding
}

/** Stores an outcome in the record that is there. */
async function storeInRecord(
  services: Services,
  { subscription, id }: DeliveryDocument,
  session: string | undefined,
  attempted: Attempted,
): Promise<void> {
  const stored = await services.deliveries.find(subscription, id, session)
  if (stored !== undefined) await storeOutcome(services, stored, attempted)
}

const asFirstAttempt = ({ outcome }: Attempted) => ({ outcome, isRetry: false })

async function addDelivery({ deliveries }: Services, delivery: DeliveryDocument) {
  const created = await deliveries.add(delivery)
  if (created.outcome === 'unconfirmed')
    throw new Error(`Delivery ${delivery.id} is not confirmed to be stored.`)
  return created
}
