import type { Stored } from '../azure/documents.ts'
import {
  cancelled,
  DELETED,
  inBacklog,
  isOpen,
  type DeliveryDocument,
} from '../deliveries/delivery.ts'
import { mayHaveExpired } from '../deliveries/retention.ts'
import { timeOf } from '../events/event-id.ts'
import type { DeliveryReference } from '../messages.ts'
import type { Services } from '../services.ts'
import { isClosed, CIRCUIT_MAX_AGE_MS } from '../subscriptions/circuit-breaker.ts'
import { isSubscription, secretsOf } from '../subscriptions/subscription.ts'
import { cancelDeleted, changeDelivery, storeArrival } from './change-delivery.ts'
import { awaitEvent, isLongAgo } from './await-event.ts'
import { endIfWithdrawn, type Permitted } from './check-access.ts'
import { withEventBody } from './hold-event.ts'
import { mayAttemptNow, sendWebhook, type Receiver } from './send-webhook.ts'
import { storeOutcome } from './store-outcome.ts'
import { startDrain, storeAndUpdateCircuit, type Subscriber } from './update-circuit.ts'

const MAX_WAIT_MS = 5000 // for room in memory: then what was read is old

/** The result of a message: the delivery's state, or why there was no attempt. */
type Result = DeliveryDocument['state'] | 'dropped' | 'changed'

/**
 * Handles a message of events-retry: makes one attempt, unless the delivery has moved on (`dropped`, `changed`). Moves
 * it to the backlog when the subscriber is not ready. Throws when the host must retry the message.
 */
export async function retryDelivery(
  services: Services,
  message: DeliveryReference,
  traceparent: string,
): Promise<Result> {
  const { subscription, event, run, attempt } = message
  const key = `${subscription} ${event} ${run} ${attempt}`
  const done = await services.inProgress.once(key, () => retry(services, message, traceparent))
  return done ?? 'dropped'
}

async function retry(
  services: Services,
  message: DeliveryReference,
  traceparent: string,
): Promise<Result> {
  const knownAt = services.clock.now()
  const delivery = await findAttempt(services, message)
  if (delivery === undefined) return 'dropped'
  const arrived = await storeArrival(services, delivery)
  if (arrived !== undefined) return arrived
  if (!isOpen(delivery)) return 'dropped'
  const subscriber = await findSubscriber(services, delivery)
  if (subscriber === 'deleted')
    return changeDelivery(services, delivery, (current) => cancelled(current, DELETED))
  const ended = await endIfWithdrawn(services, subscriber, delivery)
  if (ended !== undefined) return ended
  const attempted =
    delivery.state === 'waiting' && mayAttemptNow(subscriber)
      ? await withEventBody(services, message, knownAt + MAX_WAIT_MS, (event) =>
          event === undefined
            ? awaitEvent(services, delivery)
            : attemptAgain(services, event, delivery, subscriber, traceparent),
        )
      : undefined
  return attempted ?? moveToBacklog(services, delivery, subscriber, knownAt)
}

/** Returns the delivery, or undefined when it has moved on or expired. Throws when it is not visible yet. */
async function findAttempt(
  { deliveries, clock, config }: Services,
  { subscription, event, run, attempt, delivery: session }: DeliveryReference,
): Promise<Stored<DeliveryDocument> | undefined> {
  const found = await deliveries.find(subscription, event, session)
  const { retentionSeconds } = config.delivery
  if (found === undefined) {
    if (mayHaveExpired(timeOf(event).getTime(), retentionSeconds, clock.now())) return undefined // or the sweep finds it
    throw new Error(`Delivery ${event} is not visible yet.`)
  }
  return found.run === run && found.attempt === attempt ? found : undefined
}

/**
 * Returns the subscriber of a delivery, from the index or its document. Returns `deleted` only with proof: a tombstone,
 * a later subscription in its place, or nothing visible long after the event. Throws when the subscriber may not be
 * visible yet.
 */
async function findSubscriber(
  { index, subscriptions, clock }: Services,
  { subscription, consumer, subscriptionId, id, firstAttempt }: DeliveryDocument,
): Promise<(Receiver & Subscriber & Permitted) | 'deleted'> {
  const number = Number(subscription)
  const known = (await index.current()).get(number)
  if (known !== undefined) return { ...known, secrets: secretsOf(known) }
  if (index.isDeleted(number)) return 'deleted'
  const found = await subscriptions.find(consumer, subscriptionId)
  if (isSubscription(found) && found.number === number) return { ...found, ...found.filters }
  const isGone =
    found === undefined
      ? isLongAgo(clock, firstAttempt ?? timeOf(id).getTime() / 1000)
      : found.number >= number // numbers ascend and are never reused
  if (isGone) return 'deleted'
  throw new Error(`Subscription ${subscription} is not visible yet.`)
}

/**
 * Moves a due delivery to the backlog, and starts a drain unless one is under way. When the delivery is already there,
 * an earlier run may have died before it started the drain.
 */
async function moveToBacklog(
  services: Services,
  delivery: Stored<DeliveryDocument>,
  subscriber: Subscriber,
  knownAt: number,
): Promise<Result> {
  const { circuit } = subscriber
  const isDrained = !isClosed(circuit) && circuit?.state !== 'disabled'
  const cancel = () => cancelDeleted(services, delivery.subscription, delivery.id)
  const hasDrain = async () => (await startDrain(services, subscriber)) !== 'deleted'
  if ((!isDrained || delivery.state === 'backlog') && !(await hasDrain())) return cancel()
  if (delivery.state === 'backlog') return delivery.state
  const state = await changeDelivery(services, delivery, inBacklog)
  const isKnown = services.clock.now() - knownAt <= CIRCUIT_MAX_AGE_MS
  return isKnown || (await hasDrain()) ? state : cancel()
}

/** Makes one attempt. Returns undefined where the subscriber's share has no slot for it. */
async function attemptAgain(
  services: Services,
  event: Buffer,
  delivery: Stored<DeliveryDocument>,
  subscriber: Receiver & Subscriber,
  traceparent: string,
): Promise<Result | undefined> {
  const { concurrencyLimit } = services
  const release = await concurrencyLimit.acquire(delivery.subscription, { isRetry: true })
  if (release === undefined) return undefined
  const sending = sendWebhook(services, subscriber, event, delivery, traceparent)
  const attempted = await sending.finally(release)
  let stored: DeliveryDocument | undefined
  await storeAndUpdateCircuit(services, subscriber, { ...attempted, isRetry: true }, async () => {
    stored = (await storeOutcome(services, delivery, attempted))?.document
  })
  return stored?.state ?? 'changed'
}
