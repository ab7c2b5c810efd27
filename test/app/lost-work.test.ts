import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startFaultProxy, type FaultProxy } from '../../local/fault-proxy.ts'
import { startReceiver } from '../../local/receiver.ts'
import { queueNames } from '../../shared/azure/definitions.ts'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { startApp } from '../support/app.ts'
import { createOwnApp, type OwnApp, type Receiver } from '../support/own-app.ts'
import { createTestStores, deployedUrl, eventually, type TestStores } from '../support/stores.ts'
import type { App } from '../support/subscriber.ts'

// As on Flex Consumption: HTTP and sweeps, and the functions of queues, on instances of their own.
const skip = deployedUrl !== undefined && 'the processes and stores must be its own'
const settingsOf = (proxy: FaultProxy) => ({
  Cosmos: proxy.connection,
  REPAIR_AFTER_SECONDS: '2',
  AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:01',
})
const sweeps = ['sweep-events', 'sweep-deliveries', 'sweep-subscriptions']
const api = ['publish-event', 'create-subscription', 'read-subscription', ...sweeps]
const work = ['fan-out-event', 'retry-delivery', 'drain-backlog', 'validate-subscription']
const poison = queueNames(1).map((queue) => `keep-poison-${queue}`)
const startWorker = () =>
  startApp(stores, {
    settings: settingsOf(cosmos),
    functions: [...work, ...poison],
    readsPoison: true,
  })
let stores: TestStores
let receiver: Receiver
let cosmos: FaultProxy
let http: App
let worker: App
before(async () => {
  ;[stores, receiver] = await Promise.all([createTestStores(), startReceiver()])
  cosmos = await startFaultProxy(stores.settings.Cosmos)
  ;[http, worker] = await Promise.all([
    startApp(stores, { settings: settingsOf(cosmos), functions: api }),
    startWorker(),
  ])
})
after(() => Promise.all([http.stop(), worker.stop(), receiver.stop(), cosmos.stop()]))

let apps = 0
async function subscribedApp() {
  const own = await createOwnApp(http, receiver, `lost-${apps++}`)
  await own.subscribe()
  await sleep(3100) // the index of the other process is at most 3 s old
  return own
}
/** Sweeps until what is left is overdue, has been sent again and has arrived. */
const sweptAndArrived = ({ arrivals }: OwnApp, events: string[]) =>
  eventually(
    'all arrived',
    async () => {
      await Promise.all(sweeps.map((sweep) => http.runTimer(sweep)))
      await sleep(500)
      return events.every((event) => arrivals(event).length > 0)
    },
    30,
  )

test(
  'delivers every event although all queues are cleared in the middle of a run',
  { skip },
  async () => {
    const own = await subscribedApp()
    const empty = () => Promise.all(queueNames(1).map((name) => stores.queue(name).clearMessages()))
    const events = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        await sleep(index * 10)
        if (index % 10 === 5) await empty()
        return own.publish()
      }),
    )
    await empty()
    await sweptAndArrived(own, events)
  },
)

test('loses nothing when a worker is killed while it holds messages', { skip }, async () => {
  const own = await subscribedApp()
  receiver.behave({ delayMs: 300 }, own.path)
  const doomed = await startWorker()
  const events = await Promise.all(Array.from({ length: 30 }, () => own.publish()))
  await eventually('under way', () => own.arrivals().length > 0)
  await doomed.kill()
  await sweptAndArrived(own, events)
})

test(
  'a two-second outage of Cosmos DB makes no dead letter, and every event arrives',
  { skip },
  async () => {
    const own = await subscribedApp()
    const publishing = own.publishMany(30)
    cosmos.plan = () => ({ status: 503 })
    await sleep(2000)
    cosmos.plan = () => undefined
    await sweptAndArrived(own, await publishing)
    assert.deepEqual(await stores.documents('poison'), [])
    const records = await stores.documents<DeliveryDocument>('deliveries')
    assert.ok(records.every(({ state }) => state !== 'dead'))
  },
)
