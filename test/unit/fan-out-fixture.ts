import { fanOutMessage } from '../../shared/flows/fan-out-message.ts'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { isSubscription } from '../../shared/subscriptions/subscription.ts'
import { eventOf, idOf, SECOND, startFlows, timeOfSecond } from './flow-fixture.ts'
import { RESOURCE, subscription } from './subscription-fixture.ts'

export const lease = { token: 'token', until: SECOND + 100 }
export const since = timeOfSecond(SECOND - 600)
export const draining: Circuit = { state: 'draining', opens: 0, lease }
const traceparent = '00-33333333333333333333333333333333-4444444444444444-01'

/** A stored event, and subscription 1 with this circuit, that is fanned out. */
export function startFanOut(circuit?: Circuit, given: Partial<EventDocument> = {}, age = 10) {
  const flows = startFlows()
  const id = idOf(1, age)
  flows.addEvent(eventOf(id, { pending: SECOND + 60, ...given }))
  flows.store(subscription(1, circuit && { circuit }))
  const message = {
    v: 1 as const,
    event: id,
    resource: RESOURCE,
    subject: '/party/1',
    traceparent,
    session: 'session',
  }
  return {
    ...flows,
    id,
    fanOut: (tries = 1) =>
      flows.run(fanOutMessage(flows.services, message, { dequeueCount: tries, traceparent })),
    record: (): DeliveryDocument | undefined => flows.delivery(id),
    circuit: () => {
      const found = flows.subscription()
      return isSubscription(found) ? found.circuit : undefined
    },
    deliveryCalls: () => flows.calls.filter((call) => call.includes(` 1/${id}`)),
  }
}
