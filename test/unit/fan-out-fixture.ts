import { fanOutMessage } from '../../shared/flows/fan-out-message.ts'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { circuitOf } from './circuit-fixture.ts'
import { eventMessage, eventOf, idOf, SECOND, startFlows } from './flow-fixture.ts'
import { subscription } from './subscription-fixture.ts'

/** A stored event, and subscription 1 with this circuit, that is fanned out. */
export function startFanOut(circuit?: Circuit, given: Partial<EventDocument> = {}, age = 10) {
  const flows = startFlows()
  const id = idOf(1, age)
  flows.addEvent(eventOf(id, { pending: SECOND + 60, ...given }))
  flows.store(subscription(1, circuit && { circuit }))
  const message = { ...eventMessage(id), session: 'session' }
  const { traceparent } = message
  return {
    ...flows,
    id,
    fanOut: (tries = 1) =>
      flows.run(fanOutMessage(flows.services, message, { dequeueCount: tries, traceparent })),
    record: (): DeliveryDocument | undefined => flows.delivery(id),
    circuit: () => circuitOf(flows),
    deliveryCalls: () => flows.calls.filter((call) => call.includes(` 1/${id}`)),
  }
}
