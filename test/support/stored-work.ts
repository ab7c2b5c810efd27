import assert from 'node:assert/strict'
import { operations as operationNames } from '../../local/emulators/request-charge.ts'
import { isUsage } from '../../local/emulators/usage.ts'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import type { ReplayDocument } from '../../shared/deliveries/replay-store.ts'
import { newDelivery } from '../../shared/deliveries/delivery.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import {
  isSubscription,
  dueOf,
  type SubscriptionDocument,
  type SubscriptionOrTombstone,
} from '../../shared/subscriptions/subscription.ts'
import type { App } from './subscriber.ts'
import { storeAll } from './stored-items.ts'
import { cosmosEndpoint, eventually, type TestStores } from './stores.ts'

/** What is stored under a public id: the subscription, or what is left of it. */
export async function findStored(
  stores: TestStores,
  number: number,
): Promise<SubscriptionOrTombstone> {
  const all = await stores.documents<SubscriptionOrTombstone>('subscriptions')
  const found = all.find((each) => each.number === number)
  assert.ok(found !== undefined, `subscription ${number} is stored`)
  return found
}

/** Changes a stored subscription, as nothing in the app would. Returns it as it is then. */
export const updateStored = (
  stores: TestStores,
  number: number,
  change: (subscription: SubscriptionDocument) => SubscriptionDocument,
): Promise<SubscriptionDocument> =>
  eventually(`subscription ${number} changed`, async () => {
    const found: SubscriptionOrTombstone & { _etag?: string } = await findStored(stores, number)
    assert.ok(isSubscription(found))
    const changed = change(found)
    const due = dueOf(changed)
    const { due: _before, ...document } = changed
    const item = stores.container('subscriptions').item(found.id, found.consumer)
    return item
      .replace(
        { ...document, ...(due !== undefined && { due }) },
        { accessCondition: { type: 'IfMatch', condition: found._etag ?? '' } },
      )
      .then(
        () => changed,
        () => undefined, // the app was first
      )
  })

/** Has the lease of a subscription's open circuit, or that of whoever drains it, be over, and sweeps. */
export async function endLease(stores: TestStores, app: App, number: number): Promise<void> {
  await updateStored(stores, number, (subscription) => {
    const { circuit } = subscription
    assert.ok(circuit !== undefined && circuit.state !== 'closed' && circuit.lease !== undefined)
    return { ...subscription, circuit: { ...circuit, lease: { ...circuit.lease, until: 1 } } }
  })
  await app.runTimer('sweep-subscriptions')
}

/** The replay of a subscription. */
export const replayOf = (stores: TestStores, number: number): Promise<ReplayDocument> =>
  eventually(`a replay of ${number}`, async () => {
    const all = await stores.documents<ReplayDocument>('replays')
    return all.find(({ subscription }) => subscription === String(number))
  })

/** Has the replay of a subscription's first seconds begin now: its message comes half a minute later, and may come twice. */
export async function replayFirstSeconds(stores: TestStores, number: number): Promise<void> {
  const { subscription, id } = await replayOf(stores, number)
  await stores.send('replays', { v: 1, subscription, replay: id })
}

/** The records of a subscription's deliveries, oldest event first. */
export async function recordsOf(stores: TestStores, number: number): Promise<DeliveryDocument[]> {
  const own = stores.container('deliveries').items.query<DeliveryDocument>(
    {
      query: 'SELECT * FROM c WHERE c.subscription = @subscription',
      parameters: [{ name: '@subscription', value: String(number) }],
    },
    { partitionKey: [String(number)] },
  )
  return (await own.fetchAll()).resources.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

/** The record of the delivery of an event to a subscription. */
export async function recordOf(
  stores: TestStores,
  number: number,
  event: string,
): Promise<DeliveryDocument | undefined> {
  const item = stores.container('deliveries').item(event, [String(number), event])
  return (await item.read<DeliveryDocument>()).resource
}

/** Waits until the record of a delivery is as `is` says. */
export const waitForRecord = (
  what: string,
  stores: TestStores,
  [number, event]: [number: number, event: string],
  is: (record: DeliveryDocument) => boolean,
  seconds?: number,
): Promise<DeliveryDocument> =>
  eventually(
    `${event} ${what}`,
    async () => {
      const found = await recordOf(stores, number, event)
      return found !== undefined && is(found) && found
    },
    seconds,
  )

/** Waits until the delivery of an event to a subscription is in a state. */
export const waitForState = (
  stores: TestStores,
  number: number,
  event: string,
  state: DeliveryDocument['state'],
  seconds?: number,
): Promise<DeliveryDocument> =>
  waitForRecord(state, stores, [number, event], (record) => record.state === state, seconds)

/** The same for many events at once, which are looked for together. Returns their records, oldest event first. */
export const waitForStates = (
  stores: TestStores,
  number: number,
  events: string[],
  state: DeliveryDocument['state'],
  seconds?: number,
): Promise<DeliveryDocument[]> =>
  eventually(
    `${events.length} events ${state}`,
    async () => {
      const records = await recordsOf(stores, number)
      const found = records.filter((each) => each.state === state && events.includes(each.id))
      return found.length === events.length && found
    },
    seconds,
  )

/** Puts the deliveries of stored events into a subscription's backlog, which nobody drains for that. */
export async function storeBacklog(
  stores: TestStores,
  subscription: SubscriptionDocument,
  events: EventDocument[],
): Promise<void> {
  const deliveries = events.map((event) => newDelivery(event, subscription))
  await storeAll(stores, 'deliveries', deliveries)
}

interface Counts {
  [operation: string]: number
}

/** What the Cosmos emulator has counted in a container of these stores so far; nothing before the first operation. */
export async function usageOf(stores: TestStores, container: string) {
  const usage: unknown = await (await fetch(`${cosmosEndpoint(stores)}/_strict/usage`)).json()
  assert.ok(isUsage(usage))
  return usage.byContainer[`${stores.settings.COSMOS_DATABASE}/${container}`]
}

/**
 * How many operations of each kind the Cosmos emulator has done in a container of these stores so far. A write that was tried
 * again, because its answer was late, is done once.
 */
export async function operationsOn(stores: TestStores, container: string): Promise<Counts> {
  const { operations, refused } = (await usageOf(stores, container)) ?? {}
  return Object.fromEntries(
    operationNames.map((name) => [name, (operations?.[name] ?? 0) - (refused?.[name] ?? 0)]),
  )
}

/** How many operations of each kind were done since `before`; those of which there were none are left out. */
export async function operationsSince(
  stores: TestStores,
  container: string,
  before: Counts,
): Promise<Counts> {
  const now = Object.entries(await operationsOn(stores, container))
  const since = now.map(([operation, count]): [string, number] => [
    operation,
    count - (before[operation] ?? 0),
  ])
  return Object.fromEntries(since.filter(([, count]) => count > 0))
}
