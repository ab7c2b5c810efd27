import { isSubscription } from '../../shared/subscriptions/subscription.ts'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { SECOND, timeOfSecond, type Flows } from './flow-fixture.ts'

export const lease = { token: 'token', until: SECOND + 100 }
export const since = timeOfSecond(SECOND - 600)
export const draining: Circuit & { state: 'draining' } = { state: 'draining', opens: 0, lease }

/** Returns the stored circuit of subscription 1. */
export function circuitOf(flows: Pick<Flows, 'subscription'>): Circuit | undefined {
  const found = flows.subscription()
  return isSubscription(found) ? found.circuit : undefined
}
