import { containers } from '../../shared/azure/definitions.ts'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import type { ReplayDocument } from '../../shared/deliveries/replay-store.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import type { SubscriptionOrTombstone } from '../../shared/subscriptions/subscription.ts'
import { connect, type Network } from './connection.ts'
import { createContainer } from './container.ts'
import { simulatedDeliveryStore } from './delivery-store.ts'
import { simulatedEventStore } from './event-store.ts'
import type { Process } from './process.ts'
import { simulatedReplayStore } from './replay-store.ts'
import { simulatedSubscriptionStore } from './subscription-store.ts'

export type Containers = ReturnType<typeof createContainers>

/** The containers of the database, with the times to live that they have in Azure. */
export function createContainers({ now }: { now: () => number }, epoch: number) {
  const epochSeconds = () => Math.floor((epoch + now()) / 1000)
  const shared = (id: string) => ({ defaultTtlSeconds: ttlOf(id), now, epochSeconds })
  let last = 0
  return {
    events: createContainer<EventDocument>({
      ...shared('events'),
      partitionKeyOf: ({ resource, subject }) => `${resource}${subject}`,
    }),
    deliveries: createContainer<DeliveryDocument>({
      ...shared('deliveries'),
      partitionKeyOf: ({ subscription, id }) => `${subscription}/${id}`,
    }),
    subscriptions: createContainer<SubscriptionOrTombstone>({
      ...shared('subscriptions'),
      partitionKeyOf: ({ consumer }) => consumer,
    }),
    replays: createContainer<ReplayDocument>({
      ...shared('replays'),
      partitionKeyOf: ({ subscription }) => subscription,
    }),
    nextNumber: () => ++last,
  }
}

const ttlOf = (id: string): number =>
  containers.find((container) => container.id === id)?.defaultTtlSeconds ?? -1

/** The stores as a process opens them. */
export function openStores(
  process: Process,
  { events, deliveries, subscriptions, replays, nextNumber }: Containers,
  network: Network,
  pageSize: number,
) {
  return {
    events: simulatedEventStore(connect(process, events, network)),
    deliveries: simulatedDeliveryStore(connect(process, deliveries, network)),
    subscriptions: simulatedSubscriptionStore(connect(process, subscriptions, network), {
      pageSize,
      nextNumber,
    }),
    replays: simulatedReplayStore(connect(process, replays, network)),
  }
}
