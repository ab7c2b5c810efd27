import type { Stored } from './documents.ts'
import type { Services } from './services.ts'
import { afterFailure, afterSuccess } from './subscriber-health.ts'
import type { SubscriptionDocument } from './subscription.ts'
import type { Outcome } from './webhook-outcome.ts'

/**
 * Writes what a delivery says of its subscriber into the subscription, where that changes anything. Another instance may
 * be first; it saw the same.
 */
export async function noteOutcome(
  { sightings, subscriptions }: Services,
  subscription: Stored<SubscriptionDocument>,
  outcome: Outcome,
  probe: boolean,
): Promise<void> {
  const changed = afterOutcome(sightings, subscription, outcome, probe)
  if (changed !== undefined) await subscriptions.save({ ...changed, _etag: subscription._etag })
}

function afterOutcome(
  sightings: Services['sightings'],
  subscription: SubscriptionDocument,
  outcome: Outcome,
  probe: boolean,
): SubscriptionDocument | undefined {
  const now = Date.now()
  const seen = sightings.note(subscription.number, outcome.kind === 'delivered', now)
  if (outcome.kind === 'delivered') return afterSuccess(subscription, now)
  if (outcome.kind === 'failed') return afterFailure(subscription, seen, probe, now)
  return {
    ...subscription,
    disabled: { reason: outcome.reason, since: new Date(now).toISOString() },
  }
}
