import { CosmosClient, type Database } from '@azure/cosmos'
import { QueueServiceClient, type QueueClient } from '@azure/storage-queue'
import { startFaultProxy, type Plan } from '../../local/fault-proxy.ts'
import { inboundQueues, queueNames } from '../../shared/azure/definitions.ts'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { leaseOf } from '../../shared/subscriptions/circuit-breaker.ts'
import {
  isSubscription,
  type SubscriptionOrTombstone,
} from '../../shared/subscriptions/subscription.ts'

/** The settings that name the stores of one run. */
export interface StoreSettings {
  AzureWebJobsStorage: string
  Cosmos: string
  COSMOS_DATABASE: string
  QueueStorage: string
}

/** How many queues the events of a run are spread over. */
export const INBOUND_COUNT = 2
const [SPILLED] = inboundQueues(INBOUND_COUNT)

export type Stores = Awaited<ReturnType<typeof openStores>>

/** Opens the stores of a run. The app uses them through fault proxies, the run itself directly. */
export async function openStores(settings: StoreSettings) {
  const [cosmos, queue] = await Promise.all([
    startFaultProxy(settings.Cosmos),
    startFaultProxy(settings.QueueStorage),
  ])
  const database = new CosmosClient(settings.Cosmos).database(settings.COSMOS_DATABASE)
  const service = QueueServiceClient.fromConnectionString(settings.QueueStorage)
  const sent = { events: 0, deliveries: 0 }
  const seenLeases = new Map<string, number>()
  const numbers = new Map<string, string>()
  let faults = 0

  /** Counts the faults of a plan, and the messages that reach a queue. */
  const withCounts =
    (plan: Plan): Plan =>
    (request) => {
      const fault = plan(request)
      if (fault !== undefined) faults++
      const isRefused = fault === 'cut before' || (typeof fault === 'object' && 'status' in fault)
      const [, name] =
        /\/(events-inbound(?:-\d+)?|events-retry|drains)\/messages/.exec(request.url) ?? []
      if (name !== undefined && request.method === 'POST' && !isRefused)
        sent[name.startsWith('events-inbound') ? 'events' : 'deliveries'] +=
          fault === 'twice' ? 2 : 1
      return fault
    }
  const plan = (cosmosPlan: Plan, queuePlan: Plan): void => {
    cosmos.plan = withCounts(cosmosPlan)
    queue.plan = withCounts(queuePlan)
  }
  const clearFaults = () =>
    plan(
      () => undefined,
      () => undefined,
    )
  clearFaults()
  return {
    cosmos,
    queue,
    settings: { ...settings, Cosmos: cosmos.connection, QueueStorage: queue.connection },
    /** The messages sent so far: for fan-out, and for retries and drains. */
    sent,
    faults: () => faults,
    /** Sets the fault plans. */
    plan,
    clearFaults,
    /** Empties every queue, except for messages with a whole event, which is in no store yet. */
    async emptyQueues(): Promise<void> {
      const others = queueNames(INBOUND_COUNT).filter((name) => name !== SPILLED)
      await Promise.all([
        deleteReferences(service.getQueueClient(SPILLED)),
        ...others.map((name) => service.getQueueClient(name).clearMessages()),
      ])
    },
    /** Ends the leases of drains that were first seen `seconds` ago. They would last for about a minute. */
    endOldLeases: (seconds: number): Promise<void> => endOldLeases(database, seenLeases, seconds),
    /** Returns the record of a delivery to the subscription with this endpoint, or undefined. */
    async delivery(endpoint: string, event: string): Promise<DeliveryDocument | undefined> {
      const number = numbers.get(endpoint) ?? (await numberOf(database, endpoint))
      numbers.set(endpoint, number)
      const item = database.container('deliveries').item(event, [number, event])
      return (await item.read<DeliveryDocument>()).resource
    },
    stop: async () => void (await Promise.all([cosmos.stop(), queue.stop()])),
  }
}

/** `seen` has the epoch ms at which each token was first seen. */
async function endOldLeases(
  database: Database,
  seen: Map<string, number>,
  seconds: number,
): Promise<void> {
  const container = database.container('subscriptions')
  const oldest = Date.now() - seconds * 1000
  const { resources } = await container.items
    .readAll<SubscriptionOrTombstone & { _etag: string }>()
    .fetchAll()
  for (const found of resources) {
    const circuit = isSubscription(found) ? found.circuit : undefined
    const lease = circuit?.state === 'open' ? undefined : leaseOf(circuit)
    if (lease === undefined) continue
    const seenAt = seen.get(lease.token) ?? Date.now()
    seen.set(lease.token, seenAt)
    if (seenAt > oldest) continue
    const ended = { ...found, circuit: { ...circuit, lease: { ...lease, until: 1 } }, due: 1 }
    const accessCondition = { type: 'IfMatch', condition: found._etag }
    await container
      .item(found.id, found.consumer)
      .replace(ended, { accessCondition })
      .catch(() => {}) // the app has written a new lease
  }
}

async function numberOf(database: Database, endpoint: string): Promise<string> {
  const { resources } = await database
    .container('subscriptions')
    .items.readAll<{ endpoint?: string; number: number }>()
    .fetchAll()
  return String(resources.find((each) => each.endpoint === endpoint)?.number)
}

async function deleteReferences(queue: QueueClient): Promise<void> {
  const batch = { numberOfMessages: 32, visibilityTimeout: 5 }
  const receive = async () => (await queue.receiveMessages(batch)).receivedMessageItems
  for (let messages = await receive(); messages.length > 0; messages = await receive())
    for (const { messageId, popReceipt, messageText } of messages)
      if (!Buffer.from(messageText, 'base64').includes('"spilled"'))
        await queue.deleteMessage(messageId, popReceipt)
}
