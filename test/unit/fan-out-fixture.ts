import assert from 'node:assert/strict'
import { fanOutMessage } from '../../shared/flows/fan-out-message.ts'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { circuitOf } from './circuit-fixture.ts'
import { eventMessage, eventOf, idOf, SECOND, startFlows } from './flow-fixture.ts'
import { subscription, tombstone } from './subscription-fixture.ts'

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

type FanOut = ReturnType<typeof startFanOut>

/** Leaves the subscriber no slot, and takes 6 s to add the delivery to its backlog: `meanwhile` something happens. */
export function addSlowly({ services }: FanOut, meanwhile: () => void): void {
  for (let slot = 0; slot < 24; slot++) services.concurrencyLimit.start('1')
  const { add } = services.deliveries
  services.deliveries.add = async (delivery) => {
    await services.clock.timeout(6000).ended
    meanwhile()
    return add(delivery)
  }
}

/** Deletes the subscription. */
export function deleteSubscription({ containers, store }: FanOut): void {
  containers.subscriptions.remove('/org/ttd/document-1')
  store(tombstone(1))
}

/** Fans out while no answer comes for what is created. Returns what ends that. */
export async function fanOutUnconfirmed({ services, fanOut }: FanOut) {
  const { add } = services.deliveries
  services.deliveries.add = () => Promise.resolve({ outcome: 'unconfirmed', session: undefined })
  await assert.rejects(fanOut(), /not confirmed/)
  return () => {
    services.deliveries.add = add
  }
}
