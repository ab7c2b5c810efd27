import assert from 'node:assert/strict'
import { operations as operationNames } from '../../local/emulators/request-charge.ts'
import { isUsage } from '../../local/emulators/usage.ts'
import { forEachConcurrently } from '../../shared/azure/concurrency.ts'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { newDelivery } from '../../shared/deliveries/delivery.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import {
  isSubscription,
  wakeOf,
  type SubscriptionDocument,
  type SubscriptionOrTombstone,
} from '../../shared/subscriptions/subscription.ts'
import type { App } from './subscriber.ts'
import { eventually, type World } from './stores.ts'

/** What is stored under a public id: the subscription, or what is left of it. */
export async function storedOf(world: World, number: number): Promise<SubscriptionOrTombstone> {
  const all = await world.documents<SubscriptionOrTombstone>('subscriptions')
  const found = all.find((each) => each.number === number)
  assert.ok(found !== undefined, `subscription ${number} is stored`)
  return found
}

/** Changes a stored subscription, as nothing in the app would. Returns it as it is then. */
export const changeStored = (
  world: World,
  number: number,
  change: (subscription: SubscriptionDocument) => SubscriptionDocument,
): Promise<SubscriptionDocument> =>
  eventually(`subscription ${number} changed`, async () => {
    const found: SubscriptionOrTombstone & { _etag?: string } = await storedOf(world, number)
    assert.ok(isSubscription(found))
    const changed = change(found)
    const wake = wakeOf(changed)
    const { wake: _before, ...document } = changed
    const item = world.container('subscriptions').item(found.id, found.consumer)
    return item
      .replace(
        { ...document, ...(wake !== undefined && { wake }) },
        { accessCondition: { type: 'IfMatch', condition: found._etag ?? '' } },
      )
      .then(
        () => changed,
        () => undefined, // the app was first
      )
  })

/** Has a subscription's pause, or the lease of whoever drains it, be over, and sweeps. */
export async function endLease(world: World, app: App, number: number): Promise<void> {
  await changeStored(world, number, (subscription) => {
    const { circuit } = subscription
    assert.ok(circuit !== undefined && circuit.state !== 'closed' && circuit.lease !== undefined)
    return { ...subscription, circuit: { ...circuit, lease: { ...circuit.lease, until: 1 } } }
  })
  await app.run('sweep-subscriptions')
}

/** The records of a subscription's deliveries, oldest event first. */
export async function recordsOf(world: World, number: number): Promise<DeliveryDocument[]> {
  const all = await world.documents<DeliveryDocument>('deliveries')
  const own = all.filter(({ subscription }) => subscription === String(number))
  return own.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

/** The record of the delivery of an event to a subscription. */
export async function recordOf(
  world: World,
  number: number,
  event: string,
): Promise<DeliveryDocument | undefined> {
  const item = world.container('deliveries').item(event, [String(number), event])
  return (await item.read<DeliveryDocument>()).resource
}

/** Waits until the record of a delivery is as `is` says. */
export const recordWhen = (
  what: string,
  world: World,
  [number, event]: [number: number, event: string],
  is: (record: DeliveryDocument) => boolean,
  seconds?: number,
): Promise<DeliveryDocument> =>
  eventually(
    `${event} ${what}`,
    async () => {
      const found = await recordOf(world, number, event)
      return found !== undefined && is(found) && found
    },
    seconds,
  )

/** Waits until the delivery of an event to a subscription is in a state. */
export const inState = (
  world: World,
  number: number,
  event: string,
  state: DeliveryDocument['state'],
  seconds?: number,
): Promise<DeliveryDocument> =>
  recordWhen(state, world, [number, event], (record) => record.state === state, seconds)

/** Puts the deliveries of stored events into a subscription's backlog, which nobody drains for that. */
export async function storeBacklog(
  world: World,
  subscription: SubscriptionDocument,
  events: EventDocument[],
): Promise<void> {
  await forEachConcurrently(events, 16, async (event) => {
    await world.container('deliveries').items.create(newDelivery(event, subscription))
  })
}

interface Counts {
  [operation: string]: number
}

/**
 * How many operations of each kind the Cosmos emulator has done in a container of this world so far. A write that was tried
 * again, because its answer was late, is done once.
 */
export async function operationsOn(world: World, container: string): Promise<Counts> {
  const { Cosmos, COSMOS_DATABASE } = world.settings
  const [, endpoint = ''] = /AccountEndpoint=(http:\/\/[^/;]+)/.exec(Cosmos) ?? []
  const usage: unknown = await (await fetch(`${endpoint}/_strict/usage`)).json()
  assert.ok(isUsage(usage))
  const { operations, refused } = usage.byContainer[`${COSMOS_DATABASE}/${container}`] ?? {}
  return Object.fromEntries(
    operationNames.map((name) => [name, (operations?.[name] ?? 0) - (refused?.[name] ?? 0)]),
  )
}

/** How many operations of each kind were done since `before`; those of which there were none are left out. */
export async function operationsSince(
  world: World,
  container: string,
  before: Counts,
): Promise<Counts> {
  const now = Object.entries(await operationsOn(world, container))
  const since = now.map(([operation, count]): [string, number] => [
    operation,
    count - (before[operation] ?? 0),
  ])
  return Object.fromEntries(since.filter(([, count]) => count > 0))
}
