import type { Stored } from '../../shared/azure/documents.ts'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { orderIdOf } from '../../shared/deliveries/order-store.ts'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { eventKey } from '../simulation/event-store.ts'
import { draining } from './circuit-fixture.ts'
import { startDrain } from './drain-fixture.ts'
import { deliveryOf, eventOf, idOf } from './flow-fixture.ts'
import { RESOURCE } from './subscription-fixture.ts'

/** The drain of an ordered subscription, with its backlog. */
export function startOrdered(circuit: Circuit = draining) {
  const flows = startDrain(circuit)
  flows.change((stored) => ({ ...stored, ordered: true }))
  const publish = (id: string, party: number, given = {}) => {
    const event = eventOf(id, { subject: `/party/${party}`, ...given })
    flows.containers.events.insert(eventKey(event), event)
  }
  const add = (id: string, party: number, given: Partial<DeliveryDocument> = {}) => {
    publish(id, party)
    const delivery = deliveryOf(id, { subject: `/party/${party}`, ...given })
    flows.containers.deliveries.insert(`1/${id}`, delivery)
    return id
  }
  /** Puts deliveries of a subject into the backlog; they ascend with `from`. */
  const addMany = (count: number, party: number, from = 1) =>
    Array.from({ length: count }, (_, place) => add(idOf(from + place), party))
  const order = (party = 1) => {
    const id = orderIdOf({ resource: RESOURCE, subject: `/party/${party}` })
    return flows.containers.orders.find(`1/${id}`)
  }
  const numbered = () => flows.requests.map(({ event, sequence }) => [event, sequence])
  return { ...flows, add, publish, addMany, order, numbered }
}

/** Has the replicas show, for half a minute, only these deliveries as they were. */
export function showOld(
  flows: ReturnType<typeof startOrdered>,
  old: Stored<DeliveryDocument>[],
): void {
  const { page } = flows.services.deliveries
  const until = flows.seconds() + 30
  flows.services.deliveries.page = (number, state, after, count) =>
    flows.seconds() < until
      ? Promise.resolve(old.filter(({ id }) => id > after))
      : page(number, state, after, count)
}

/** Has each read of a delivery take so long. */
export function slowReads({ services }: ReturnType<typeof startOrdered>, ms: number): void {
  const { find } = services.deliveries
  services.deliveries.find = async (...key) => {
    await services.clock.timeout(ms).ended
    return find(...key)
  }
}
