import type { Stored } from '../azure/documents.ts'
import type { DeliveryDocument } from '../deliveries/delivery.ts'
import { referenceTo } from '../events/event-document.ts'
import type { Services } from '../services.ts'
import type { Attempted } from '../webhooks/webhook-outcome.ts'
import type { SubscriptionDocument } from '../subscriptions/subscription.ts'
import { nextTraceparent } from '../telemetry/trace.ts'
import { awaitEvent } from './await-event.ts'
import { sendWebhook } from './send-webhook.ts'
import { storeOutcome } from './store-outcome.ts'

/** What came of a page of deliveries. Those that failed are not stored yet: what that means depends on the whole. */
export interface PageResult {
  delivered: number
  failed: { delivery: Stored<DeliveryDocument>; attempted: Attempted }[]
  consecutiveFailures: number
  /** Why the subscriber wants no more. */
  gone: string | undefined
  /** The id of the last that was begun. */
  lastAttempted: string
}

interface Limits {
  services: Services
  subscription: SubscriptionDocument
  /** Milliseconds of the epoch: then nothing more is begun. */
  endMs: number
  maxConsecutiveFailures: number
}

/**
 * Attempts deliveries in their order, as many at once as the subscriber takes: fewer from the moment it is slow. Stops
 * beginning more after so many failures in a row, at `endMs`, or where the subscriber wants no more. Rejects, when all have
 * ended, where one could not be stored.
 */
export async function attemptPage(
  limits: Limits,
  page: Stored<DeliveryDocument>[],
): Promise<PageResult> {
  const { services, subscription, endMs, maxConsecutiveFailures: mostFailuresInARow } = limits
  const { clock, concurrencyLimit } = services
  const result: PageResult = {
    delivered: 0,
    failed: [],
    consecutiveFailures: 0,
    gone: undefined,
    lastAttempted: '',
  }
  const rest = page.values()
  const limit = () => concurrencyLimit.limitOf(String(subscription.number))
  const mayBegin = (place: number): boolean =>
    place < limit() &&
    clock.now() < endMs &&
    result.consecutiveFailures < mostFailuresInARow &&
    result.gone === undefined

  const worker = async (_: unknown, place: number): Promise<void> => {
    while (mayBegin(place)) {
      const { value: delivery } = rest.next()
      if (delivery === undefined) return
      result.lastAttempted = delivery.id
      await attempt(limits, delivery, result)
    }
  }
  const workers = Array.from({ length: Math.min(limit(), page.length) }, worker)
  const ends = await Promise.allSettled(workers)
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return result
}

async function attempt(
  { services, subscription }: Limits,
  delivery: Stored<DeliveryDocument>,
  result: PageResult,
): Promise<void> {
  const event = await services.eventCache.find(referenceTo(delivery, undefined))
  if (event === undefined) return void (await awaitEvent(services, delivery))
  const traceparent = nextTraceparent(delivery.traceparent)
  const release = services.concurrencyLimit.start(delivery.subscription)
  const attempted = await sendWebhook(services, subscription, event, delivery, traceparent).finally(
    release,
  )
  addResult(result, delivery, attempted)
  if (attempted.outcome.kind === 'delivered')
    services.recentOutcomes.succeeded(delivery.subscription)
  if (attempted.outcome.kind !== 'failed') await storeOutcome(services, delivery, attempted)
}

function addResult(
  result: PageResult,
  delivery: Stored<DeliveryDocument>,
  attempted: Attempted,
): void {
  const { outcome } = attempted
  result.consecutiveFailures = outcome.kind === 'failed' ? result.consecutiveFailures + 1 : 0
  if (outcome.kind === 'failed') result.failed.push({ delivery, attempted })
  else result.delivered++
  if (outcome.kind === 'gone') result.gone = outcome.reason
}
