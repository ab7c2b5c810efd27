import { forEachConcurrently } from '../azure/concurrency.ts'
import { nowSeconds } from '../clock.ts'
import { cancelled, DELETED, newDelivery, type DeliveryDocument } from '../deliveries/delivery.ts'
import type { EventDocument } from '../events/event-document.ts'
import { timeOf } from '../events/event-id.ts'
import type { Services } from '../services.ts'
import type { Attempted } from '../webhooks/webhook-outcome.ts'
import { isClosed, CIRCUIT_MAX_AGE_MS } from '../subscriptions/circuit-breaker.ts'
import type { SubscriptionEntry } from '../subscriptions/matcher.ts'
import { SLOW_MS } from '../webhooks/concurrency-limit.ts'
import { changeDelivery } from './change-delivery.ts'
import { forgetOutcome, sendWebhook } from './send-webhook.ts'
import { recordAfter, sendRetry, storeOutcome } from './store-outcome.ts'
import { startDrain, storeAndUpdateCircuit } from './update-circuit.ts'

const CONCURRENCY = 64

/** An event that is being fanned out. */
interface FanOut {
  event: EventDocument
  session: string | undefined
  traceparent: string
  /** Whether a run before this one may have been broken off: then the records that are there are looked up. */
  isRepeat: boolean
  knownAt: number
}

/**
 * Makes the first attempt of an event for everyone who subscribes to it, or puts it into their backlog. Returns how many
 * they are; every one has a record then. Throws where a record is not confirmed: everything may be done twice.
 */
export async function fanOut(services: Services, given: Omit<FanOut, 'knownAt'>): Promise<number> {
  const knownAt = services.clock.now()
  const matcher = await services.index.current()
  const { event, alternative, late } = given.event
  const accepted = late === undefined ? undefined : timeOf(late).getTime() // stored long after its id was made
  const subscribers = matcher.match(event, alternative, accepted)
  const deliver = (subscriber: SubscriptionEntry) =>
    deliverTo(services, { ...given, knownAt }, subscriber)
  await forEachConcurrently(subscribers, CONCURRENCY, deliver, Infinity) // some that fail keep nobody from being tried
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
  if (known !== undefined) return ensureDrain(services, fan, subscriber, known)
  const release = isClosed(subscriber.circuit)
    ? await concurrencyLimit.acquire(subscription)
    : undefined
  if (release === undefined) await addToBacklog(services, fan, subscriber)
  else await attempt(services, fan, subscriber, release)
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

/** A record in the backlog has a waker: the circuit that is not closed, as far as is known, or one that is made so now. */
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
    await cancel(services, String(subscriber.number), id)
}

/** What has joined the backlog of a subscription that is deleted has nobody to wake it. */
async function cancel({ deliveries }: Services, subscription: string, id: string): Promise<void> {
  const stored = await deliveries.find(subscription, id)
  if (stored !== undefined)
    await changeDelivery({ deliveries }, stored, (delivery) => cancelled(delivery, DELETED))
}

/** Attempts at once, and waits for 2 s: the record of a slower one is made before its answer comes. */
async function attempt(
  services: Services,
  fan: FanOut,
  subscriber: SubscriptionEntry,
  release: () => void,
): Promise<void> {
  const delivery = newDelivery(fan.event, subscriber)
  const { event, traceparent } = fan
  const sending = sendWebhook(services, subscriber, event.event, delivery, traceparent).finally(
    release,
  )
  const slow = services.clock.timeout(SLOW_MS)
  const attempted = await Promise.race([sending, slow.ended])
  slow.cancel()
  if (attempted === undefined) await recordOpenAttempt(services, delivery, subscriber, sending)
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
    forgetOutcome(services, subscriber, delivery)
    services.telemetry.recordDelivery(record.state)
    if (created.outcome === 'created')
      await sendRetry(services, record, waitSeconds, { event: session, delivery: created.session })
  })
}

/**
 * Makes the record of an attempt that is still open, due when it must have ended, and stores its outcome when it has: that is
 * noted in any case, also where the record is not confirmed or another's.
 */
async function recordOpenAttempt(
  services: Services,
  delivery: DeliveryDocument,
  subscriber: SubscriptionEntry,
  sending: Promise<Attempted>,
): Promise<void> {
  const { clock, config, deliveries, background } = services
  const longest = Math.ceil(config.delivery.timeoutMs / 1000) + config.repairAfterSeconds
  const due = nowSeconds(clock) + longest
  const adding = addDelivery(services, { ...delivery, state: 'waiting', due })
  const storeLate = async (attempted: Attempted) => {
    const { session } = await adding
    const stored = await deliveries.find(delivery.subscription, delivery.id, session)
    if (stored !== undefined) await storeOutcome(services, stored, attempted)
  }
  background.run(
    sending.then((attempted) =>
      storeAndUpdateCircuit(services, subscriber, asFirstAttempt(attempted), () =>
        storeLate(attempted),
      ),
    ),
  )
  await adding
}

const asFirstAttempt = ({ outcome }: Attempted) => ({ outcome, isRetry: false })

async function addDelivery({ deliveries }: Services, delivery: DeliveryDocument) {
  const created = await deliveries.add(delivery)
  if (created.outcome === 'unconfirmed')
    throw new Error(`Delivery ${delivery.id} is not confirmed to be stored.`)
  return created
}
