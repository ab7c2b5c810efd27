import { randomUUID } from 'node:crypto'
import { nowSeconds } from '../deliveries/delivery.ts'
import type { Stored } from '../azure/documents.ts'
import type { ValidationMessage } from '../messages.ts'
import { forEachConcurrently } from '../azure/concurrency.ts'
import { askForPage } from './replay.ts'
import { newReplay } from '../deliveries/replay-store.ts'
import type { Services } from '../services.ts'
import { recovered } from '../subscriptions/circuit-breaker.ts'
import type { SubscriptionDocument } from '../subscriptions/subscription.ts'
import { isSubscription } from '../subscriptions/subscription-store.ts'
import { outcomeOf, type Outcome } from '../webhooks/webhook-outcome.ts'
import { signedRequest } from '../webhooks/webhook-request.ts'
import { nextTraceparent } from '../telemetry/trace.ts'

const LADDER_SECONDS = [1, 5, 10, 30, 60, 120, 120, 120] // the original's, altinn-contract §5.4
const GIVEN_UP = 0
const AT_ONCE = 16
const WRITE_MS = 7000 // the longest that it may take to store that a subscription is validated
const EVERYONE_KNOWS_SECONDS = 13 // those 7, 5 that an index may be old, 1 that clocks differ
const FANNED_OUT_SECONDS = 4 // an event that is looked at sooner may be under way: it would be sent twice

type Validation = NonNullable<SubscriptionDocument['validation']>

/** Has the validation event sent to a subscription's endpoint, from the first attempt on. Gives it as it is then. */
export async function askForValidation(
  services: Services,
  subscription: Stored<SubscriptionDocument>,
  api: string,
): Promise<SubscriptionDocument> {
  return schedule(services, subscription, firstValidation(api, subscription.number, 0), 0)
}

/** A validation that is to begin; the sweep begins it at `due` (epoch seconds) if its message is lost. */
export const firstValidation = (api: string, number: number, due: number): Validation => ({
  attempt: 0,
  due,
  source: `${api}/subscriptions/${number}`,
})

/** One attempt to validate: any 2xx will do. Gives how it ended, for the log; throws where the message must come again. */
export async function validate(services: Services, message: ValidationMessage): Promise<string> {
  const found = await services.subscriptions.find(
    message.consumer,
    message.subscription,
    message.session,
  )
  if (found === undefined)
    throw new Error(`Subscription ${message.subscription} is not to be seen yet.`)
  if (!isSubscription(found) || found.validation?.attempt !== message.attempt) return 'dropped'
  const { validation } = found
  if (validation.due === GIVEN_UP) return 'dropped'
  const { url, body, headers } = signedRequest(
    found,
    validationEvent(validation.source),
    nextTraceparent(undefined),
  )
  const outcome = outcomeOf(await services.webhook.post(url, body, headers), Date.now())
  if (outcome.kind === 'delivered') await markValidated(services, found)
  else await scheduleNext(services, found, validation, outcome)
  return outcome.kind
}

/** The original's validation event (altinn-contract §5.4). */
const validationEvent = (source: string) => ({
  specversion: '1.0',
  id: randomUUID(),
  source,
  type: 'platform.events.validatesubscription',
})

/** A success also enables a disabled subscription, which then matches what comes from now on. */
async function markValidated(
  services: Services,
  read: Stored<SubscriptionDocument>,
): Promise<void> {
  const now = new Date().toISOString()
  const isNew = read.validated === undefined || read.disabled !== undefined
  if (isNew) await catchUp(services, read, now)
  await services.subscriptions.change(read, (current) => {
    const { validation: _done, ...rest } = current
    return { ...recovered(rest), ...(isNew && { validated: now }) }
  })
  services.index.invalidate()
  if (isNew && Date.now() - Date.parse(now) > WRITE_MS) await catchUp(services, read, now) // further than before
}

/**
 * Events of the first seconds may be fanned out by a process whose index does not know the subscription yet. A replay of
 * what is missing finds them, once every index knows.
 */
async function catchUp(
  services: Services,
  { number }: SubscriptionDocument,
  validated: string,
): Promise<void> {
  const to = Date.now() + EVERYONE_KNOWS_SECONDS * 1000
  const wait = EVERYONE_KNOWS_SECONDS + FANNED_OUT_SECONDS
  const due = nowSeconds() + wait + services.config.repairAfterSeconds
  const missing = { only: 'missing' as const, from: validated, to: new Date(to).toISOString() }
  const replay = newReplay(String(number), missing, due)
  const { outcome } = await services.replays.add(replay)
  if (outcome === 'unconfirmed')
    throw new Error(`The replay for subscription ${number} is not confirmed to be stored.`)
  await askForPage(services, replay, wait)
}

async function scheduleNext(
  services: Services,
  subscription: Stored<SubscriptionDocument>,
  validation: Validation,
  outcome: Exclude<Outcome, { kind: 'delivered' }>,
): Promise<void> {
  const failed = { ...validation, failure: outcome.reason, failedAt: new Date().toISOString() }
  const wait = LADDER_SECONDS[validation.attempt]
  if (wait !== undefined)
    await schedule(services, subscription, { ...failed, attempt: validation.attempt + 1 }, wait)
  else
    await services.subscriptions.change(subscription, (current) => ({
      ...current,
      validation: { ...failed, due: GIVEN_UP },
    }))
}

async function schedule(
  services: Services,
  read: Stored<SubscriptionDocument>,
  validation: Validation,
  waitSeconds: number,
): Promise<SubscriptionDocument> {
  const due = nowSeconds() + waitSeconds + services.config.repairAfterSeconds
  const changed = await services.subscriptions.change(read, (current) => ({
    ...current,
    validation: { ...validation, due },
  }))
  if (changed === undefined) return read // deleted meanwhile
  await send(services, changed.subscription, validation.attempt, changed.session, waitSeconds)
  return changed.subscription
}

/** The push may fail: `due` in the document has the sweep send it again. */
async function send(
  { validationQueue }: Services,
  { consumer, id }: SubscriptionDocument,
  attempt: number,
  session: string | undefined,
  waitSeconds: number,
): Promise<void> {
  const message = {
    v: 1 as const,
    consumer,
    subscription: id,
    attempt,
    ...(session !== undefined && { session }),
  }
  await validationQueue.send(message, waitSeconds)
}

/** Sends the message of every validation that is overdue again. */
export async function redriveValidations(services: Services): Promise<void> {
  const matcher = await services.index.current()
  const overdue = [...matcher.all()].filter(({ validationDue = GIVEN_UP }) =>
    isOverdue(validationDue),
  )
  await forEachConcurrently(overdue, AT_ONCE, async ({ consumer, id }) => {
    const found = await services.subscriptions.find(consumer, id) // the index may be 3 s old
    if (isSubscription(found) && found.validation !== undefined && isOverdue(found.validation.due))
      await schedule(services, found, found.validation, 0)
  })
}

const isOverdue = (due: number): boolean => due !== GIVEN_UP && due <= nowSeconds()
