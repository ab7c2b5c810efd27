import { test } from 'node:test'
import { openDatabase } from '../../shared/azure/cosmos.ts'
import { systemClock } from '../../shared/clock.ts'
import { openDeliveryStore } from '../../shared/deliveries/delivery-store.ts'
import { openOrderStore } from '../../shared/deliveries/order-store.ts'
import { openReplayStore } from '../../shared/deliveries/replay-store.ts'
import { openEventStore } from '../../shared/events/event-store.ts'
import { openSubscriptionStore } from '../../shared/subscriptions/subscription-store.ts'
import { createTestStores } from '../support/stores.ts'
import { EPOCH } from './cluster.ts'
import { createFaults } from './faults.ts'
import { createProcess } from './process.ts'
import { createRandom } from './random.ts'
import { createScheduler } from './scheduler.ts'
import type { StoresUnderTest } from './contract-fixture.ts'
import { deliveryStoreContract } from './delivery-store-contract.ts'
import { eventStoreContract } from './event-store-contract.ts'
import { orderStoreContract } from './order-store-contract.ts'
import { replayStoreContract } from './replay-store-contract.ts'
import { subscriptionStoreContract } from './subscription-store-contract.ts'
import { createContainers, openStores } from './stores.ts'

// Both pass the same tests, so the simulated stores behave as the real ones.
testStores('real stores', openReal)
testStores('simulated stores', openSimulated)

/** Registers a test per store, of what the delivery machine relies on. */
function testStores(name: string, open: () => Promise<StoresUnderTest>): void {
  test(`${name}: events`, async () => eventStoreContract(await open()))
  test(`${name}: deliveries`, async () => deliveryStoreContract(await open()))
  test(`${name}: orders`, async () => orderStoreContract(await open()))
  test(`${name}: subscriptions`, async () => subscriptionStoreContract(await open()))
  test(`${name}: replays`, async () => replayStoreContract(await open()))
}

async function openReal(): Promise<StoresUnderTest> {
  const { settings } = await createTestStores()
  const { Cosmos: connectionString, COSMOS_DATABASE: name } = settings
  const database = await openDatabase({ connectionString, database: name })
  return {
    stores: {
      events: openEventStore(database),
      deliveries: openDeliveryStore(database, systemClock, 86_400),
      orders: openOrderStore(database),
      subscriptions: openSubscriptionStore(database),
      replays: openReplayStore(database),
    },
    runCall: (call) => call,
  }
}

async function openSimulated(): Promise<StoresUnderTest> {
  const random = createRandom(1)
  const scheduler = createScheduler(random)
  const process = createProcess({
    name: 'p1',
    scheduler,
    random,
    epoch: EPOCH,
    clockOffsetMs: 0,
    deathRate: () => 0,
    freezeRate: () => 0,
    onDeath: () => {},
  })
  const faults = createFaults([], scheduler)
  const network = { scheduler, random, faults, lagMs: () => 0, observe: () => {} }
  return {
    stores: openStores(process, createContainers(scheduler, EPOCH), network, 2),
    async runCall(call) {
      let isOver = false
      const done = () => void (isOver = true)
      call.then(done, done)
      await scheduler.run(Infinity, () => isOver)
      return call
    },
  }
}
