import { compareAndSet } from '../azure/conditional-write.ts'
import type { Stored } from '../azure/documents.ts'
import { nowSeconds } from '../clock.ts'
import {
  afterAttempt,
  endsByMessage,
  isOpen,
  nextState,
  withAttempt,
  type DeliveryDocument,
} from '../deliveries/delivery.ts'
import { deliveryReferenceTo } from '../messages.ts'
import type { Services } from '../services.ts'
import { hasArrived, type Attempted } from '../webhooks/webhook-outcome.ts'
import { forgetOutcome } from './send-webhook.ts'

/** A record, and the seconds until the next attempt; undefined when there is none, or when a drain makes it. */
interface Recorded {
  record: DeliveryDocument
  waitSeconds: number | undefined
}

/** Returns the record after an attempt. A failed probe uses no step of the retry schedule and stays where it is. */
export function recordAfter(
  { clock, random, config }: Services,
  delivery: DeliveryDocument,
  { outcome, latest }: Attempted,
  isProbe = false,
): Recorded {
  const now = nowSeconds(clock)
  if (isProbe && outcome.kind === 'failed')
    return { record: withAttempt(delivery, latest, now), waitSeconds: undefined }
  const { retrySeconds } = config.delivery
  const next = nextState(delivery, outcome, retrySeconds, now, random())
  const { repairAfterSeconds } = config
  return {
    record: afterAttempt(delivery, next, { latest, nowSeconds: now, repairAfterSeconds }),
    waitSeconds: next.state === 'waiting' ? next.waitSeconds : undefined,
  }
}

/**
 * Stores the outcome of an attempt, even if the sweep has claimed the record meanwhile. Returns the stored record with
 * the session token of its write, or undefined when it is over, or when a failure belongs to an earlier attempt: another
 * copy of this work was first, or a lagging replica showed an older version.
 */
export async function storeOutcome(
  services: Services,
  read: Stored<DeliveryDocument>,
  attempted: Attempted,
  isProbe = false,
) {
  const { deliveries } = services
  const isSame = (current: DeliveryDocument) => isOutcomeOf(attempted, read, current)
  let waitSeconds: number | undefined
  const stored = await compareAndSet<DeliveryDocument>(
    read,
    (current) => {
      if (!isSame(current)) return undefined
      const after = recordAfter(services, current, attempted, isProbe)
      ;({ waitSeconds } = after)
      return after.record
    },
    {
      save: deliveries.save,
      reload: (session) => deliveries.find(read.subscription, read.id, session),
    },
  )
  forgetOutcome(services, read)
  services.telemetry.recordDelivery(stored?.document.state ?? 'changed')
  if (stored !== undefined)
    await sendRetry(services, stored.document, waitSeconds, { delivery: stored.session })
  return stored
}

/**
 * Whether the outcome of an attempt of `read` is that of the record as it is now, of the same run. What has arrived is not sent
 * again, whichever attempt was read, and is delivered even if its owner has ended it meanwhile.
 */
export function isOutcomeOf(
  { outcome }: Attempted,
  read: DeliveryDocument,
  current: DeliveryDocument,
): boolean {
  if (current.run !== read.run) return false
  if (hasArrived(outcome)) return current.state !== 'delivered'
  return isOpen(current) && (outcome.kind === 'gone' || current.attempt === read.attempt)
}

/** Sends the message that ends a short wait. The sweep ends a long one. */
export async function sendRetry(
  { retryQueue }: Services,
  delivery: DeliveryDocument,
  waitSeconds: number | undefined,
  sessions: { event?: string | undefined; delivery?: string | undefined },
): Promise<void> {
  if (waitSeconds !== undefined && endsByMessage(waitSeconds))
    await retryQueue.send(deliveryReferenceTo(delivery, sessions), waitSeconds)
}
