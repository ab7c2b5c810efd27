import { startFaultProxy } from '../../local/fault-proxy.ts'
import { forEachConcurrently } from '../../shared/azure/concurrency.ts'
import { timers } from '../../shared/telemetry/heartbeat-store.ts'
import { startApp } from '../support/app.ts'
import { share } from '../support/share.ts'
import { createTestStores, deployedUrl, type TestStores } from '../support/stores.ts'

/** An app in which nothing but the timers works, when a test says so: what they send stays to be seen. */
export const useSweepingApp = share(async () => {
  const stores = await createTestStores()
  const cosmos = await startFaultProxy(stores.settings.Cosmos)
  const app = await startApp(stores, {
    functions: ['publish-event', 'health', ...timers],
    settings: { Cosmos: cosmos.connection },
  })
  const leave = () => {
    cosmos.plan = () => undefined
    return removeWork(stores)
  }
  return { stores, cosmos, app, leave, stop: () => Promise.all([app.stop(), cosmos.stop()]) }
})

/** Removes what a file leaves: some of it would be due while the next one is at work. */
async function removeWork(stores: TestStores): Promise<void> {
  if (deployedUrl !== undefined) return // what is in there is not only the tests'
  const [events, deliveries, subscriptions] = await Promise.all([
    stores.documents<{ id: string; resource: string; subject: string }>('events'),
    stores.documents<{ id: string; subscription: string }>('deliveries'),
    stores.documents<{ id: string; consumer: string }>('subscriptions'),
  ])
  const place = (container: string, id: string, key: string | string[]) => ({ container, id, key })
  const found = [
    ...events.map(({ id, resource, subject }) => place('events', id, [resource, subject])),
    ...deliveries.map(({ id, subscription }) => place('deliveries', id, [subscription, id])),
    ...subscriptions.map(({ id, consumer }) => place('subscriptions', id, consumer)),
  ]
  await forEachConcurrently(found, 16, async ({ container, id, key }) => {
    await stores.container(container).item(id, key).delete()
  })
}
