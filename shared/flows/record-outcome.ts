import type { Stored } from '../azure/documents.ts'
import type { Services } from '../services.ts'
import { afterFailure, afterSuccess } from '../subscriptions/circuit-breaker.ts'
import type { SubscriptionDocument } from '../subscriptions/subscription.ts'
import type { Outcome } from '../webhooks/webhook-outcome.ts'

/**
 * Writes what a delivery says of its subscriber into the subscription, where that changes anything. Where another instance
 * was first, it is asked again of what that one wrote.
 */
export async function noteOutcome(
  { sightings, subscriptions, telemetry }: Services,
  subscription: Stored<SubscriptionDocument>,
  outcome: Outcome,
  probe: boolean,
): Promise<void> {
  const now = Date.now()
  const seen = sightings.note(subscription.number, outcome.kind === 'delivered', now)
  const changed = await subscriptions.change(subscription, (current) => {
    if (outcome.kind === 'delivered') return afterSuccess(current, now)
    if (outcome.kind === 'failed') return afterFailure(current, seen, probe, now)
    if (current.disabled !== undefined) return undefined
    return { ...current, disabled: { reason: outcome.reason, since: new Date(now).toISOString() } }
  })
  if ((changed?.subscription.pauses ?? 0) > (subscription.pauses ?? 0)) telemetry.recordPause()
}
