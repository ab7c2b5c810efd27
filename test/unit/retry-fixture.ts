import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { retryDelivery } from '../../shared/flows/retry-delivery.ts'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { isSubscription } from '../../shared/subscriptions/subscription.ts'
import { SECOND, startFlows, timeOfSecond } from './flow-fixture.ts'
import { RESOURCE, subscription } from './subscription-fixture.ts'

export const traceparent = '00-33333333333333333333333333333333-4444444444444444-01'
export const lease = { token: 'token', until: SECOND + 100 }
export const since = timeOfSecond(SECOND - 600)
export const draining: Circuit = { state: 'draining', opens: 0, lease }
export const settled: Circuit = { state: 'disabled', reason: '410', since }
export const retried: Partial<DeliveryDocument> = {
  state: 'waiting',
  due: SECOND,
  run: 1,
  attempt: 2,
  firstAttempt: SECOND - 100,
  redrives: 1,
}

export const inBacklog: Partial<DeliveryDocument> = { state: 'backlog', run: 1, attempt: 2 }

/** A delivery of subscription 1, at attempt 2 of run 1, whose retry has come. */
export function startRetry(
  circuit?: Circuit,
  given: Partial<DeliveryDocument> = {},
  age = 200,
  before = retried,
) {
  const flows = startFlows()
  const [id = ''] = flows.deliveries(1, { ...before, ...given }, age)
  flows.store(subscription(1, circuit && { circuit }))
  const message = {
    v: 1 as const,
    event: id,
    resource: RESOURCE,
    subject: '/party/1',
    traceparent,
    subscription: '1',
    run: 1,
    attempt: 2,
  }
  return {
    ...flows,
    id,
    message,
    retry: (more = {}) =>
      flows.run(retryDelivery(flows.services, { ...message, ...more }, traceparent)),
    record: () => flows.delivery(id),
    circuit: () => {
      const found = flows.subscription()
      return isSubscription(found) ? found.circuit : undefined
    },
  }
}
export const nowhere = async (flows: ReturnType<typeof startRetry>) =>
  flows.containers.subscriptions.remove('/org/ttd/document-1')
