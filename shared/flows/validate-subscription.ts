import { nowSeconds } from '../clock.ts'
import type { Stored } from '../azure/documents.ts'
import type { ValidationMessage } from '../messages.ts'
import { sendReplayPage } from './replay.ts'
import { newReplay } from '../deliveries/replay-store.ts'
import { bodyOf } from '../events/event-body.ts'
import type { Services } from '../services.ts'
import { busyUntilOf } from '../subscriptions/busy-drain.ts'
import { enabled } from '../subscriptions/disabled.ts'
import { updateSubscription } from '../subscriptions/subscription-store.ts'
import {
  isActive,
  isSubscription,
  withCircuit,
  type SubscriptionDocument,
  type Validation,
} from '../subscriptions/subscription.ts'
import { outcomeOf, type Outcome } from '../webhooks/webhook-outcome.ts'
import { signedRequest } from '../webhooks/webhook-request.ts'
import { sendDrain } from './send-drain.ts'
import { nextTraceparent } from '../telemetry/trace.ts'

const RETRY_SECONDS = [1, 5, 10, 30, 60, 120, 120, 120] // the original's, altinn-contract §5.4
const MAX_WRITE_MS = 7000 // the longest that storing `validated` may take
const INDEX_PROPAGATION_SECONDS = 27 // 7 for that write, 5 for the age of an index, 10 for its replica, 5 for clock skew
const FAN_OUT_SECONDS = 4 // the first fan-out of a younger event may be under way, and would deliver it twice

/** Starts the validation of an endpoint over, at once. Returns the subscription as stored, or undefined when deleted. */
export async function requestValidation(
  services: Services,
  subscription: Stored<SubscriptionDocument>,
  api: string,
): Promise<SubscriptionDocument | undefined> {
  const validation = firstValidation(api, subscription.number, 0)
  return schedule(services, subscription, () => validation, 0)
}

/**
 * Returns a validation before its first attempt. The sweep starts it at `due` (epoch seconds) if its message is lost.
 */
export const firstValidation = (api: string, number: number, due: number): Validation => ({
  attempt: 0,
  due,
  source: `${api}/subscriptions/${number}`,
})

/**
 * Makes one attempt to validate an endpoint; any 2xx is a success. Returns the outcome, for the log, or `dropped`.
 * Throws when the host must retry the message.
 */
export async function validate(services: Services, message: ValidationMessage): Promise<string> {
  const found = await services.subscriptions.find(
    message.consumer,
    message.subscription,
    message.session,
  )
  if (found === undefined)
    throw new Error(`Subscription ${message.subscription} is not visible yet.`)
  if (!isSubscription(found) || found.validation?.attempt !== message.attempt) return 'dropped'
  const { validation } = found
  if (validation.due === undefined) return 'dropped' // given up
  const event = validationEvent(services.newEventId(), validation.source)
  const { url, body, headers } = signedRequest(
    found,
    bodyOf(event),
    event.id,
    nextTraceparent(undefined),
  )
  const outcome = outcomeOf(await services.webhook.post(url, body, headers), services.clock.now())
  if (outcome.kind === 'delivered') await markValidated(services, found)
  else await scheduleNext(services, found, validation, outcome)
  return outcome.kind
}

/** The original's validation event (altinn-contract §5.4). */
const validationEvent = (id: string, source: string) => ({
  specversion: '1.0',
  id,
  source,
  type: 'platform.events.validatesubscription',
})

/**
 * Stores that the subscription is validated, which also enables a disabled one: it matches events from now on, and its
 * open deliveries are delivered. One that is enabled keeps the time since when it was validated: an event from before the
 * disabling may be fanned out only now.
 */
async function markValidated(
  services: Services,
  read: Stored<SubscriptionDocument>,
): Promise<void> {
  const { clock } = services
  const now = clock.now()
  const isNew = isInactive(read)
  if (isNew) await replayMissed(services, read, now)
  const token = services.newToken()
  let busyUntil = 0 // epoch seconds
  const updated = await updateSubscription(services.subscriptions, read, (current) => {
    const { validation: _done, ...rest } = current
    if (!isInactive(current)) return rest
    // The host retries the message, which then also replays what was missed.
    if (!isNew) throw new Error(`Subscription ${read.number} was disabled meanwhile.`)
    const { validated = new Date(now).toISOString() } = rest
    busyUntil = busyUntilOf(rest.circuit, now)
    return withCircuit({ ...rest, validated }, enabled(rest.circuit, now, token))
  })
  services.index.invalidate()
  const delaySeconds = Math.max(0, busyUntil - nowSeconds(clock))
  if (updated !== undefined) await sendDrain(services, updated, token, delaySeconds)
  if (isNew && clock.now() - now > MAX_WRITE_MS) await replayMissed(services, read, now) // up to now
}

const isInactive = (subscription: SubscriptionDocument): boolean => !isActive(subscription)

/**
 * Replays the events of the first seconds: a process whose index does not know the subscription yet may have fanned
 * them out. The replay begins once every index knows it.
 */
async function replayMissed(
  services: Services,
  { number }: SubscriptionDocument,
  validatedMs: number,
): Promise<void> {
  const { clock, config } = services
  const to = new Date(clock.now() + INDEX_PROPAGATION_SECONDS * 1000).toISOString()
  const wait = INDEX_PROPAGATION_SECONDS + FAN_OUT_SECONDS
  const due = nowSeconds(clock) + wait + config.repairAfterSeconds
  const missing = { only: 'missing' as const, from: new Date(validatedMs).toISOString(), to }
  const replay = newReplay(services.newEventId(), String(number), missing, due)
  const { outcome } = await services.replays.add(replay)
  if (outcome === 'unconfirmed')
    throw new Error(`The replay for subscription ${number} is not confirmed to be stored.`)
  await sendReplayPage(services, replay, wait)
}

async function scheduleNext(
  services: Services,
  subscription: Stored<SubscriptionDocument>,
  validation: Validation,
  outcome: Exclude<Outcome, { kind: 'delivered' }>,
): Promise<void> {
  const failedAt = new Date(services.clock.now()).toISOString()
  const { due: _due, ...failed } = { ...validation, failure: outcome.reason, failedAt }
  const step = RETRY_SECONDS[validation.attempt]
  // The owner may have started the validation over during this attempt, whose outcome counts no more then.
  const isCurrent = (current: SubscriptionDocument) =>
    current.validation?.attempt === validation.attempt
  if (step === undefined || outcome.kind === 'gone')
    await updateSubscription(
      services.subscriptions,
      subscription,
      (current) => (isCurrent(current) ? { ...current, validation: failed } : undefined), // given up
    )
  else {
    const next = { ...failed, attempt: validation.attempt + 1 }
    const wait = Math.max(step, outcome.waitSeconds)
    await schedule(
      services,
      subscription,
      (current) => (isCurrent(current) ? next : undefined),
      wait,
    )
  }
}

/**
 * Schedules the next attempt of a validation, as `next` makes it of the stored subscription. Returns the subscription, or
 * undefined when `next` returns nothing or the subscription was deleted meanwhile. The sweep sends the message at `due`
 * if this one is lost.
 */
async function schedule(
  services: Services,
  read: Stored<SubscriptionDocument>,
  next: (current: SubscriptionDocument) => Validation | undefined,
  waitSeconds: number,
): Promise<SubscriptionDocument | undefined> {
  const due = nowSeconds(services.clock) + waitSeconds + services.config.repairAfterSeconds
  const updated = await updateSubscription(services.subscriptions, read, (current) => {
    const validation = next(current)
    return validation && { ...current, validation: { ...validation, due } }
  })
  if (updated === undefined) return undefined
  await sendValidation(services, updated.document, updated.session, waitSeconds)
  return updated.document
}

/** Sends the message for an attempt of a validation. It may be lost: the sweep sends it again at `due`. */
export async function sendValidation(
  { validationQueue }: Services,
  { consumer, id, validation }: SubscriptionDocument,
  session: string | undefined,
  waitSeconds: number,
): Promise<void> {
  if (validation === undefined) return
  const { attempt } = validation
  const more = session === undefined ? {} : { session }
  await validationQueue.send({ v: 1, consumer, subscription: id, attempt, ...more }, waitSeconds)
}
