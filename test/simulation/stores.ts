import { containers } from '../../shared/azure/definitions.ts'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import type { OrderDocument } from '../../shared/deliveries/order-store.ts'
import type { ReplayDocument } from '../../shared/deliveries/replay-store.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import type { SubscriptionOrTombstone } from '../../shared/subscriptions/subscription.ts'
import { connect, type Network } from './connection.ts'
import { createContainer } from './container.ts'
import { simulatedDeliveryStore } from './delivery-store.ts'
import { simulatedEventStore } from './event-store.ts'
import type { Process } from './process.ts'
import { simulatedOrderStore } from './order-store.ts'
import { simulatedReplayStore } from './replay-store.ts'
import { simulatedSubscriptionStore } from './subscription-store.ts'

/** The shortest, so that records expire within a run. */
export const RETENTION_DAYS = 1

export type Containers = ReturnType<typeof createContainers>

/** Creates the containers of the database, with the same times to live as in Azure. */
export function createContainers({ now }: { now: () => number }, epoch: number) {
  const epochSeconds = () => Math.floor((epoch + now()) / 1000)
  const common = (id: string) => ({ defaultTtlSeconds: ttlOf(id), now, epochSeconds })
  let lastNumber = 0
  return {
    events: createContainer<EventDocument>({
      ...common('events'),
      partitionKeyOf: ({ resource, subject }) => `${resource}${subject}`,
    }),
    deliveries: createContainer<DeliveryDocument>({
      ...common('deliveries'),
      partitionKeyOf: ({ subscription, id }) => `${subscription}/${id}`,
    }),
    // In the same container as the deliveries, whose queries do not see them.
    orders: createContainer<OrderDocument>({
      ...common('deliveries'),
      partitionKeyOf: ({ subscription, id }) => `${subscription}/${id}`,
    }),
    subscriptions: createContainer<SubscriptionOrTombstone>({
      ...common('subscriptions'),
      partitionKeyOf: ({ consumer }) => consumer,
    }),
    replays: createContainer<ReplayDocument>({
      ...common('replays'),
      partitionKeyOf: ({ subscription }) => subscription,
    }),
    nextNumber: () => ++lastNumber,
  }
}

const ttlOf = (id: string): number =>
  containers.find((container) => container.id === id)?.defaultTtlSeconds ?? -1

/** Opens a process's stores, with connections of its own. */
export function openStores(
  process: Process,
  { events, deliveries, orders, subscriptions, replays, nextNumber }: Containers,
  network: Network,
  pageSize: number,
) {
  return {
    events: simulatedEventStore(connect(process, events, network)),
    deliveries: simulatedDeliveryStore(
      connect(process, deliveries, network),
      process.clock,
      RETENTION_DAYS * 86_400,
    ),
    orders: simulatedOrderStore(connect(process, orders, network)),
    subscriptions: simulatedSubscriptionStore(connect(process, subscriptions, network), {
      pageSize,
      nextNumber,
    }),
    replays: simulatedReplayStore(connect(process, replays, network)),
  }
}
