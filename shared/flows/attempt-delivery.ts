import { isDeepStrictEqual } from 'node:util'
import type { Stored } from '../azure/documents.ts'
import {
  afterAttempt,
  type DeliveryDocument,
  ended,
  endsByMessage,
  type Next,
  nextState,
  nowSeconds,
} from '../deliveries/delivery.ts'
import { type DeliveryReference, deliveryReferenceTo } from '../messages.ts'
import type { Services } from '../services.ts'
import { isSubscription } from '../subscriptions/subscription-store.ts'
import type { SubscriptionDocument } from '../subscriptions/subscription.ts'
import { type Attempt, attemptOf, outcomeOf } from '../webhooks/webhook-outcome.ts'
import { signedRequest } from '../webhooks/webhook-request.ts'
import { findOpen, type InLine, standInLine } from './postpone-delivery.ts'
import { noteOutcome } from './record-outcome.ts'

/** How a message ended: as the delivery's state, or without an attempt. */
type Ended = DeliveryDocument['state'] | InLine | 'parked'

/**
 * Does what a message of events-outbound or events-retry asks for: one attempt, unless the delivery has moved on, is
 * under way here already, is paused, or has lost its subscription. Throws where the message must come again.
 */
export async function attemptDelivery(
  services: Services,
  message: DeliveryReference,
  traceparent: string,
): Promise<Ended> {
  const { subscription } = message
  const begun = await services.inFlight.begin(subscription, workOf(message))
  if (begun === 'same') return 'dropped'
  if (begun !== 'begun') return standInLine(services, message, begun.full)
  try {
    return await attempt(services, message, traceparent)
  } finally {
    services.inFlight.end(subscription, workOf(message))
  }
}

/** The attempt itself: the next one's message may come before this one has ended. */
const workOf = ({ event, run, attempt: count }: DeliveryReference) => `${event} ${run} ${count}`

async function attempt(
  services: Services,
  message: DeliveryReference,
  traceparent: string,
): Promise<Ended> {
  const delivery = await findOpen(services, message)
  if (delivery === undefined) return 'dropped'
  const found = await services.subscriptions.find(delivery.consumer, delivery.subscriptionId)
  if (!isSubscription(found) || String(found.number) !== delivery.subscription)
    return save(services, ended(delivery, 'cancelled', 'the subscription was deleted'))
  if (found.disabled !== undefined)
    return save(services, ended(delivery, 'dead', disabledReason(found)))
  if (found.pausedUntil !== undefined && message.probe !== true)
    return park(services, delivery, found.pausedUntil)
  return post(services, message, delivery, found, traceparent)
}

/** Why a delivery to a disabled subscription is dead. */
export const disabledReason = ({ disabled }: Pick<SubscriptionDocument, 'disabled'>): string =>
  `the subscription is disabled: ${disabled?.reason}`

async function post(
  services: Services,
  message: DeliveryReference,
  delivery: Stored<DeliveryDocument>,
  subscription: Stored<SubscriptionDocument>,
  traceparent: string,
): Promise<Ended> {
  const event = await services.eventCache.find(message)
  if (event === undefined) throw new Error(`Event ${message.event} is not to be seen yet.`)
  const { url, body, headers } = signedRequest(subscription, event, traceparent)
  services.inFlight.sends(message.subscription, workOf(message))
  const answer = await services.webhook.post(url, body, headers)
  services.inFlight.took(delivery.subscription, answer.ms)
  const outcome = outcomeOf(answer, Date.now())
  services.telemetry.recordAttempt(outcome.kind, answer.ms)
  const next = nextState(delivery.attempt, outcome, services.config.delivery.retrySeconds)
  const written = await record(services, delivery, next, attemptOf(answer))
  await noteOutcome(services, subscription, outcome, message.probe === true)
  if (written === undefined) return 'changed' // another copy of this work was first
  if (next.state === 'waiting' && endsByMessage(next.waitSeconds)) {
    const sessions = { event: message.session, delivery: written.session }
    await services.retryQueue.send(deliveryReferenceTo(written.tried, sessions), next.waitSeconds)
  }
  return next.state
}

/**
 * Stores what came of an attempt; also where the sweep has taken the record meanwhile, so that it is not made twice.
 * Undefined where the attempt is another copy's.
 */
async function record(
  services: Services,
  read: Stored<DeliveryDocument>,
  next: Next,
  latest: Attempt,
) {
  const isOpen = (current: DeliveryDocument) =>
    current.state === 'waiting' && current.run === read.run && current.attempt === read.attempt
  let current: Stored<DeliveryDocument> | undefined = read
  while (current !== undefined && isOpen(current)) {
    const tried = afterAttempt(current, next, latest, services.config.repairAfterSeconds)
    const { outcome, session } = await services.deliveries.save(tried)
    if (outcome === 'written') return { tried, session }
    current = await services.deliveries.find(read.subscription, read.id)
  }
  const isOurs = isDeepStrictEqual(current?.attempts.at(-1), latest) // stored by a try whose answer was lost
  return current !== undefined && isOurs ? { tried: current, session: undefined } : undefined
}

/** Leaves a delivery to the sweep: no attempt is spent. */
async function park(
  services: Services,
  delivery: Stored<DeliveryDocument>,
  until: number,
): Promise<Ended> {
  const due = Math.max(until, nowSeconds() + services.config.repairAfterSeconds)
  const saved = await save(services, { ...delivery, due })
  return saved === 'changed' ? saved : 'parked'
}

async function save(services: Services, delivery: Stored<DeliveryDocument>): Promise<Ended> {
  const { outcome } = await services.deliveries.save(delivery)
  return outcome === 'changed' ? 'changed' : delivery.state
}
