import { createHash } from 'node:crypto'
import type { HttpRequest } from '@azure/functions'
import { identityOf, requireOwn } from '../auth/access-rules.ts'
import { compareAndSet } from '../azure/conditional-write.ts'
import type { Stored } from '../azure/documents.ts'
import { nowSeconds } from '../clock.ts'
import { Problem, unconfirmed } from '../http/problem.ts'
import type { Services } from '../services.ts'
import { endpointProblem, type SubscriptionRequest } from '../subscriptions/subscription-request.ts'
import { newLease } from '../subscriptions/circuit-breaker.ts'
import { updateSubscription } from '../subscriptions/subscription-store.ts'
import {
  isSubscription,
  type SubscriptionDocument,
  type SubscriptionOrTombstone,
  type Tombstone,
} from '../subscriptions/subscription.ts'
import { faultOfEndpoint } from '../webhooks/endpoint.ts'
import { goodSecrets, newSecret } from '../webhooks/webhook-request.ts'
import { sendDrain } from './send-drain.ts'
import { askForValidation, firstValidation } from './validate-subscription.ts'

const OVERLAP_MS = 24 * 3600 * 1000 // both secrets sign for a day after a rotation
const MOST_SECRETS = 5 // each signs the whole body: a thousand held a process up for 1.8 s

/** A subscription, and its secret where it has just been made: it is told once. */
export interface Subscribed {
  subscription: SubscriptionDocument
  secret?: string
}

/** Throws a 400 where a subscriber's endpoint will not do, all addresses of its host included. */
export async function requireEndpoint(
  { config, lookup }: Pick<Services, 'config' | 'lookup'>,
  endpoint: string,
): Promise<void> {
  const allowed = config.delivery.allowedNetworks
  const fault = await faultOfEndpoint(endpoint, { allowed, lookup })
  if (fault !== undefined) throw endpointProblem(fault)
}

/**
 * The consumer's subscription as asked for: a new one, or the identical one that it has. Either way the validation event
 * is sent (again). `api` is this service's address, for the source of that event. The endpoint must have been checked.
 */
export async function subscribe(
  services: Services,
  consumer: string,
  request: SubscriptionRequest,
  api: string,
): Promise<Subscribed> {
  const { subscriptions } = services
  const known = await subscriptions.find(consumer, idOf(request))
  if (isSubscription(known)) return { subscription: await askForValidation(services, known, api) }
  const number = await subscriptions.nextNumber()
  const due = nowSeconds(services.clock) + services.config.repairAfterSeconds
  const made = {
    ...newSubscription(consumer, number, request),
    validation: firstValidation(api, number, due),
  }
  const session = await store(services, made, known)
  const stored = await subscriptions.find(consumer, made.id, session)
  if (!isSubscription(stored)) throw unconfirmed('subscription')
  const subscription = await askForValidation(services, stored, api)
  const [secret] = made.secrets
  return stored.number === made.number ? { subscription, secret: secret.key } : { subscription } // else another's, at once
}

/**
 * Stores a new subscription, in a tombstone's place where there is one, which whoever settles it may be writing. Returns the
 * session of what is there then; undefined where another was made first.
 */
async function store(
  { subscriptions }: Services,
  made: SubscriptionDocument,
  tombstone: Stored<Tombstone> | undefined,
): Promise<string | undefined> {
  if (tombstone === undefined) return (await subscriptions.add(made)).session
  const stored = await compareAndSet<SubscriptionOrTombstone>(
    tombstone,
    (current) => {
      if (isSubscription(current)) return undefined
      const { settling } = current
      return { ...made, ...(settling !== undefined && { settling }) }
    },
    {
      save: subscriptions.save,
      reload: (session) => subscriptions.find(made.consumer, made.id, session),
    },
  )
  return stored?.session
}

/** The subscription that a request's `id` names, which must be the caller's: 401, 404, 403. */
export async function requireOwnedSubscription(
  { auth, subscriptions }: Services,
  request: HttpRequest,
): Promise<Stored<SubscriptionDocument>> {
  const identity = identityOf(await auth.requireCaller(request))
  const { id = '' } = request.params
  const found = /^[1-9]\d{0,9}$/.test(id) ? await subscriptions.byNumber(Number(id)) : undefined
  if (found === undefined) throw noSubscription(id)
  requireOwn(identity, found)
  return found
}

/** Gives a subscription a new secret; the one before signs too for 24 hours, unless four newer ones follow. */
export async function rotateSecret(
  { subscriptions, clock }: Services,
  subscription: Stored<SubscriptionDocument>,
): Promise<string> {
  const secret = newSecret()
  const until = new Date(clock.now() + OVERLAP_MS).toISOString()
  const changed = await updateSubscription(subscriptions, subscription, (current) => {
    const older = goodSecrets(current).map((each) => ({ until, ...each }))
    return { ...current, secrets: [{ key: secret }, ...older].slice(0, MOST_SECRETS) }
  })
  if (changed === undefined) throw noSubscription(subscription.number)
  return secret
}

/** Deletes a subscription, and has the deliveries that wait for it cancelled. */
export async function unsubscribe(
  services: Services,
  { _etag, _ts, ...subscription }: Stored<SubscriptionDocument>,
): Promise<void> {
  const { id, consumer, number, settling } = subscription
  const { clock, subscriptions, index, newToken } = services
  const numbers = [...(settling?.numbers ?? []), number]
  const lease = newLease(clock.now(), newToken())
  const left = { numbers, since: Math.ceil(clock.now() / 1000), lease }
  const document: Tombstone = { v: 1, id, consumer, number, deleted: true, settling: left, ttl: -1 }
  const written = await subscriptions.save({ ...document, _etag, _ts })
  index.invalidate()
  if (written.outcome === 'written')
    return sendDrain(services, { document, session: written.session }, lease.token)
  const current = await subscriptions.find(consumer, id, written.session)
  if (isSubscription(current) && current.number === number) await unsubscribe(services, current)
}

const noSubscription = (number: string | number): Problem =>
  new Problem(404, `There is no subscription ${number}.`)

function newSubscription(consumer: string, number: number, request: SubscriptionRequest) {
  const { endpoint, filters } = request
  return {
    v: 1 as const,
    id: idOf(request),
    consumer,
    number,
    endpoint,
    filters,
    createdBy: consumer,
    created: new Date().toISOString(),
    secrets: [{ key: newSecret() }] satisfies [{ key: string }],
  }
}

/** The same for an identical request, so that the store itself refuses a second one. */
function idOf({ endpoint, filters }: SubscriptionRequest): string {
  const { resource, source, subject, alternative, type } = filters
  const said = JSON.stringify([endpoint, resource, source, subject, alternative, type])
  return createHash('sha256').update(said).digest('hex')
}
