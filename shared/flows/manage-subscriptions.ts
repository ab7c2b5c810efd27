import { createHash } from 'node:crypto'
import type { HttpRequest } from '@azure/functions'
import { identityOf, requireOwn } from '../auth/access-rules.ts'
import { compareAndSet } from '../azure/conditional-write.ts'
import type { Stored } from '../azure/documents.ts'
import { nowSeconds } from '../clock.ts'
import { Problem, unconfirmedProblem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import type { SubscriptionRequest } from '../subscriptions/subscription-request.ts'
import { newLease } from '../subscriptions/circuit-breaker.ts'
import { updateSubscription } from '../subscriptions/subscription-store.ts'
import {
  isSubscription,
  type SubscriptionDocument,
  type Cancellation,
  type SubscriptionOrTombstone,
  type Tombstone,
} from '../subscriptions/subscription.ts'
import { faultOfEndpoint } from '../webhooks/endpoint.ts'
import { activeSecrets, newSecret } from '../webhooks/webhook-request.ts'
import { sendDrain } from './send-drain.ts'
import { TOMBSTONE_SECONDS } from './cancel-open-deliveries.ts'
import { startDrain } from './update-circuit.ts'
import { requestValidation, firstValidation } from './validate-subscription.ts'

const SECRET_OVERLAP_MS = 24 * 3600 * 1000 // both secrets sign for a day after a rotation
const MAX_SECRETS = 5 // each signs the whole body: a thousand held a process up for 1.8 s

/** A subscription. `secret` is present only when it was just created. */
export interface Subscribed {
  subscription: SubscriptionDocument
  secret?: string
}

/** Who has a subscription, and who has permitted it, if no built-in rule does. */
interface Owner {
  consumer: string
  accessBy?: SubscriptionDocument['accessBy'] | undefined
}

/** Returns what is wrong with a subscriber's endpoint, all addresses of its host included, as the end of a sentence ("it must …"). */
export const faultOfSubscriberEndpoint = (
  { config, lookup }: Pick<Services, 'config' | 'lookup'>,
  endpoint: string,
): Promise<string | undefined> =>
  faultOfEndpoint(endpoint, { allowed: config.delivery.allowedNetworks, lookup })

/**
 * The consumer's subscription as asked for: a new one, or the identical one that it has. Either way the validation event
 * is sent (again). `api` is this service's address, for the source of that event. The endpoint must have been checked.
 */
export async function subscribe(
  services: Services,
  owner: Owner,
  request: SubscriptionRequest,
  api: string,
): Promise<Subscribed> {
  const { subscriptions } = services
  const { consumer } = owner
  const known = await subscriptions.find(consumer, documentIdOf(request))
  const existing = isSubscription(known)
    ? await renew(services, known, { ...request, ...owner }, api)
    : undefined
  if (existing !== undefined) return { subscription: existing }
  const number = await subscriptions.nextNumber()
  const due = nowSeconds(services.clock) + services.config.repairAfterSeconds
  const made = {
    ...newSubscription(owner, number, request),
    validation: firstValidation(api, number, due),
  }
  const session = await store(services, made, known)
  const stored = await subscriptions.find(consumer, made.id, session)
  if (!isSubscription(stored)) throw unconfirmedProblem('subscription')
  const subscription = await requestValidation(services, stored, api)
  if (subscription === undefined) throw unconfirmedProblem('subscription') // deleted meanwhile
  const [secret] = made.secrets
  return stored.number === made.number ? { subscription, secret: secret.key } : { subscription } // else another's, at once
}

/**
 * Gives an identical subscription the rate limit and the order that are asked for now and who permits it now, and validates it
 * again. What waits behind others is sent at once where order is given up. Returns undefined when it was deleted meanwhile.
 */
async function renew(
  services: Services,
  known: Stored<SubscriptionDocument>,
  asked: Options,
  api: string,
): Promise<SubscriptionDocument | undefined> {
  const { maxPerSecond, ordered, accessBy } = asked
  const isSame =
    known.maxPerSecond === maxPerSecond && known.ordered === ordered && known.accessBy === accessBy
  if (isSame) return requestValidation(services, known, api)
  const changed = await updateSubscription(services.subscriptions, known, (current) => {
    const { maxPerSecond: _limit, ordered: _ordered, accessBy: _by, ...rest } = current
    return { ...rest, ...optionsOf(asked) }
  })
  services.index.invalidate()
  if (changed === undefined) return undefined
  if (known.ordered !== ordered) await startDrain(services, changed.document)
  return requestValidation(services, changed.document, api)
}

/**
 * Stores a new subscription, in place of `deleted` if there is one: a tombstone, which a drain may be writing, or the
 * subscription as a lagging replica still showed it. Returns the session token of the write, or undefined when another
 * request created the subscription first.
 */
async function store(
  { subscriptions }: Services,
  made: SubscriptionDocument,
  deleted: Stored<SubscriptionOrTombstone> | undefined,
): Promise<string | undefined> {
  if (deleted === undefined) return (await subscriptions.add(made)).session
  const stored = await compareAndSet<SubscriptionOrTombstone>(
    deleted,
    (current) => {
      if (isSubscription(current) && current.number !== deleted.number) return undefined
      if (current.number > made.number) return undefined // made and deleted meanwhile: numbers ascend
      const { cancellation } = current
      return { ...made, ...(cancellation !== undefined && { cancellation }) }
    },
    {
      save: subscriptions.save,
      reload: (session) => subscriptions.find(made.consumer, made.id, session),
    },
  )
  return stored?.session
}

/**
 * Returns the subscription that the request's `id` names. Throws a 401 without a valid token, a 404 when there is none,
 * and a 403 when it belongs to another consumer.
 */
export async function requireOwnedSubscription(
  { auth, subscriptions }: Services,
  request: HttpRequest,
): Promise<Stored<SubscriptionDocument>> {
  const identity = identityOf(await auth.requireCaller(request))
  const { id = '' } = request.params
  const found = /^[1-9]\d{0,9}$/.test(id) ? await subscriptions.byNumber(Number(id)) : undefined
  if (found === undefined) throw subscriptionNotFound(id)
  requireOwn(identity, found)
  return found
}

/**
 * Adds a secret to a subscription and returns it. The previous one also signs for 24 hours, unless four newer ones
 * follow. Throws a 404 when the subscription is gone.
 */
export async function rotateSecret(
  { subscriptions, clock }: Services,
  subscription: Stored<SubscriptionDocument>,
): Promise<string> {
  const secret = newSecret()
  const until = new Date(clock.now() + SECRET_OVERLAP_MS).toISOString()
  const changed = await updateSubscription(subscriptions, subscription, (current) => {
    const older = activeSecrets(current).map((each) => ({ until, ...each }))
    return { ...current, secrets: [{ key: secret }, ...older].slice(0, MAX_SECRETS) }
  })
  if (changed === undefined) throw subscriptionNotFound(subscription.number)
  return secret
}

/**
 * Deletes a subscription, and sends the message that cancels its open deliveries. One that was never validated has none.
 */
export async function unsubscribe(
  services: Services,
  { _etag, _ts, ...subscription }: Stored<SubscriptionDocument>,
): Promise<void> {
  const { id, consumer, number, validated, cancellation } = subscription
  const { subscriptions, index } = services
  const left = validated === undefined ? cancellation : withDeleted(services, cancellation, number)
  const document: Tombstone = {
    v: 1,
    id,
    consumer,
    number,
    deleted: true,
    ...(left === undefined ? { ttl: TOMBSTONE_SECONDS } : { cancellation: left, ttl: -1 }),
  }
  const written = await subscriptions.save({ ...document, _etag, _ts })
  index.invalidate()
  if (written.outcome === 'written') {
    if (left !== undefined && cancellation === undefined)
      await sendDrain(services, { document, session: written.session }, left.lease.token)
    return
  }
  const current = await subscriptions.find(consumer, id, written.session)
  if (isSubscription(current) && current.number === number) await unsubscribe(services, current)
}

/**
 * Returns what is to be cancelled after another deletion. A cancellation that is under way keeps its lease and its message:
 * many deletions in a row would interrupt it every time.
 */
function withDeleted(
  { clock, newToken }: Services,
  cancellation: Cancellation | undefined,
  number: number,
): Cancellation {
  const deleted = [
    ...(cancellation?.deleted ?? []),
    { number, since: Math.ceil(clock.now() / 1000) },
  ]
  return { deleted, lease: cancellation?.lease ?? newLease(clock.now(), newToken()) }
}

export const subscriptionNotFound = (number: string | number): Problem =>
  new Problem(404, `There is no subscription ${number}.`)

function newSubscription(owner: Owner, number: number, request: SubscriptionRequest) {
  const { consumer } = owner
  const { endpoint, filters } = request
  return {
    v: 1 as const,
    id: documentIdOf(request),
    consumer,
    number,
    endpoint,
    filters,
    ...optionsOf({ ...request, ...owner }),
    createdBy: consumer,
    created: new Date().toISOString(),
    secrets: [{ key: newSecret() }] satisfies [{ key: string }],
  }
}

/** What may differ between requests for the same subscription. */
type Options = Pick<SubscriptionRequest, 'maxPerSecond' | 'ordered'> & Pick<Owner, 'accessBy'>

const optionsOf = ({ maxPerSecond, ordered, accessBy }: Options) => ({
  ...(maxPerSecond !== undefined && { maxPerSecond }),
  ...(ordered !== undefined && { ordered }),
  ...(accessBy !== undefined && { accessBy }),
})

/** Returns the same id for identical requests, so that the store rejects a duplicate. */
function documentIdOf({ endpoint, filters }: SubscriptionRequest): string {
  const { resource, source, subject, alternative, type, includeSubunits } = filters
  const said = [endpoint, resource, source, subject, alternative, type]
  if (includeSubunits === true) said.push('includeSubunits') // without it, the ids stay those of before
  return createHash('sha256').update(JSON.stringify(said)).digest('hex')
}
