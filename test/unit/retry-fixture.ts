import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { retryDelivery } from '../../shared/flows/retry-delivery.ts'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { circuitOf, since } from './circuit-fixture.ts'
import { eventMessage, SECOND, startFlows } from './flow-fixture.ts'
import { subscription } from './subscription-fixture.ts'

export const ended = { state: 'disabled' as const, reason: '410', since }
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
  const message = { ...eventMessage(id), subscription: '1', run: 1, attempt: 2 }
  return {
    ...flows,
    id,
    message,
    retry: (more = {}) =>
      flows.run(retryDelivery(flows.services, { ...message, ...more }, message.traceparent)),
    record: () => flows.delivery(id),
    circuit: () => circuitOf(flows),
  }
}

export const removeSubscription = (flows: ReturnType<typeof startRetry>): void =>
  flows.containers.subscriptions.remove('/org/ttd/document-1')
