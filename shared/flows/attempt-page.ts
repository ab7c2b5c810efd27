import type { Stored } from '../azure/documents.ts'
import type { DeliveryDocument } from '../deliveries/delivery.ts'
import { referenceTo } from '../events/event-document.ts'
import type { Services } from '../services.ts'
import type { Attempted } from '../webhooks/webhook-outcome.ts'
import { FAILURE_THRESHOLD } from '../subscriptions/circuit-breaker.ts'
import type { SubscriptionDocument } from '../subscriptions/subscription.ts'
import { nextTraceparent } from '../telemetry/trace.ts'
import { awaitEvent } from './await-event.ts'
import { endIfWithdrawn } from './check-access.ts'
import type { Written } from './drained-writes.ts'
import { sizeOf, withEventBody } from './hold-event.ts'
import type { RateLimit } from './rate-limit.ts'
import { forgetFailure, sendWebhook } from './send-webhook.ts'
import { storeOutcome } from './store-outcome.ts'

/**
 * The result of a page of deliveries. `failed` is not stored yet: how to store it depends on the result of the whole
 * page.
 */
export interface PageResult {
  delivered: number
  failed: { delivery: Stored<DeliveryDocument>; attempted: Attempted }[]
  consecutiveFailures: number
  /** Why the subscriber wants no more events. */
  gone: string | undefined
  /** The deliveries whose attempt began, in order. */
  attempted: DeliveryDocument[]
  /** The outcomes stored, in order. */
  written: Written[]
  /** Why an outcome could not be stored, or an event not be read. */
  error: Error | undefined
}

export interface Limits {
  services: Services
  subscription: SubscriptionDocument
  rateLimit: RateLimit | undefined
  /** Epoch milliseconds after which no attempt begins. */
  endMs: number
  /** Probes go on after failures, and ask what the subscriber answers now. */
  isProbe: boolean
}

/** Attempts deliveries in order of their page. */
export const attemptPage = (
  limits: Limits,
  page: Stored<DeliveryDocument>[],
): Promise<PageResult> =>
  attemptEach(limits, page, (delivery, mayBegin, result) =>
    attempt(limits, delivery, mayBegin, result),
  )

/**
 * Works through a page in order, as many items at once as the subscriber's concurrency limit allows; a slow subscriber
 * lowers it at once. Begins no more after five failures in a row, after `endMs`, or when the subscriber wants no more.
 * Waits until all have ended; an error of the store is part of the result.
 */
export async function attemptEach<T>(
  limits: Limits,
  page: T[],
  attemptOne: (item: T, mayBegin: () => boolean, result: PageResult) => Promise<void>,
): Promise<PageResult> {
  const { services, subscription, rateLimit, endMs, isProbe } = limits
  const { clock, concurrencyLimit } = services
  const result: PageResult = {
    delivered: 0,
    failed: [],
    consecutiveFailures: 0,
    gone: undefined,
    attempted: [],
    written: [],
    error: undefined,
  }
  const rest = page.values()
  let own = 0
  const limit = () => concurrencyLimit.limitOf(String(subscription.number), own)
  const mayBegin = (slot: number): boolean =>
    slot < limit() &&
    clock.now() < endMs &&
    (isProbe || result.consecutiveFailures < FAILURE_THRESHOLD) &&
    result.gone === undefined

  const worker = async (_: unknown, slot: number): Promise<void> => {
    while (mayBegin(slot)) {
      if (rateLimit !== undefined) {
        await rateLimit()
        if (!mayBegin(slot)) return
      }
      const { value: item, done } = rest.next()
      if (done === true) return
      own++
      await attemptOne(item, () => mayBegin(slot), result).finally(() => own--)
    }
  }
  const workers = Array.from({ length: Math.min(limit(), page.length) }, worker)
  const ends = await Promise.allSettled(workers)
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed !== undefined)
    result.error = new Error(String(failed.reason), { cause: failed.reason })
  return result
}

async function attempt(
  limits: Limits,
  delivery: Stored<DeliveryDocument>,
  mayBegin: () => boolean,
  result: PageResult,
): Promise<void> {
  result.attempted.push(delivery)
  if ((await endWithdrawn(limits, delivery)) !== undefined) return
  const sent = await whenRoom(limits, delivery, mayBegin, (event) =>
    send(limits, delivery, event, result),
  )
  if (sent === undefined)
    result.attempted = result.attempted.filter((attempted) => attempted !== delivery)
}

/**
 * Sends a delivery once there is room for a request of its size. Postpones it when its event is not visible. Returns what
 * `sendEvent` does, false where it is postponed, or undefined when nothing may begin any more.
 */
export async function whenRoom(
  { services, endMs }: Limits,
  delivery: Stored<DeliveryDocument>,
  mayBegin: () => boolean,
  sendEvent: (event: Buffer) => Promise<boolean>,
): Promise<boolean | undefined> {
  const { concurrencyLimit } = services
  const reference = referenceTo(delivery, undefined)
  const bytes = (await sizeOf(services, reference)) ?? 0
  const request = await concurrencyLimit.startWhenRoom(delivery.subscription, bytes, mayBegin)
  if (request === undefined) return undefined
  const sending = withEventBody(services, reference, endMs, async (event) => {
    request.sent()
    if (event !== undefined) return mayBegin() ? sendEvent(event) : undefined
    await awaitEvent(services, delivery)
    return false
  })
  return sending.finally(request.end)
}

/** Ends a delivery to which the subscriber has no right any more. Returns its state, or undefined when it may be attempted. */
export function endWithdrawn(
  { services, subscription: { consumer, accessBy, filters } }: Limits,
  delivery: Stored<DeliveryDocument>,
) {
  return endIfWithdrawn(services, { ...filters, consumer, accessBy }, delivery)
}

/** Sends a delivery, whose request is counted, and adds the outcome to the result. Returns whether it has not failed. */
export async function send(
  { services, subscription, isProbe }: Limits,
  delivery: Stored<DeliveryDocument>,
  event: Buffer,
  result: PageResult,
): Promise<boolean> {
  if (isProbe) forgetFailure(services, delivery) // it asks what the subscriber answers now
  const traceparent = nextTraceparent(delivery.traceparent)
  const attempted = await sendWebhook(services, subscription, event, delivery, traceparent)
  if (isProbe) forgetFailure(services, delivery) // the drain after the recovery sends it again
  addResult(result, delivery, attempted, isProbe)
  if (attempted.outcome.kind === 'delivered' && attempted.isRemembered !== true)
    services.recentOutcomes.succeeded(delivery.subscription)
  if (attempted.outcome.kind === 'failed') return false
  await storeInPage(services, result, delivery, attempted)
  return true
}

/** Stores the outcome of a delivery of the page, and adds the write to the result. */
export async function storeInPage(
  services: Services,
  { written }: PageResult,
  delivery: Stored<DeliveryDocument>,
  attempted: Attempted,
  isProbe = false,
): Promise<void> {
  const stored = await storeOutcome(services, delivery, attempted, isProbe)
  if (stored?.session !== undefined) written.push({ event: delivery.id, session: stored.session })
}

/** Adds an outcome. One that is remembered is no probe, and has no part in a row of failures. */
function addResult(
  result: PageResult,
  delivery: Stored<DeliveryDocument>,
  attempted: Attempted,
  isProbe: boolean,
): void {
  const { outcome, isRemembered = false } = attempted
  if (outcome.kind === 'failed') result.failed.push({ delivery, attempted })
  if (isRemembered && (isProbe || outcome.kind === 'failed')) return
  if (outcome.kind === 'failed') result.consecutiveFailures++
  else if (!isRemembered) result.consecutiveFailures = 0
  if (outcome.kind !== 'failed') result.delivered++
  if (outcome.kind === 'gone') result.gone = outcome.reason
}
