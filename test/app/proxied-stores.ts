import { startFaultProxy } from '../../local/fault-proxy.ts'
import { startReceiver } from '../../local/receiver.ts'
import { startApp } from '../support/app.ts'
import { share } from '../support/share.ts'
import { createTestStores } from '../support/stores.ts'

/**
 * An app that reaches its stores through proxies, which a test sees directly, and tries again within seconds what fails. What
 * a file has the proxies and the receiver do ends with it, but for what the receiver does at a path; `calm` ends it sooner.
 */
export const useProxiedStores = share(async () => {
  const [stores, receiver] = await Promise.all([createTestStores(), startReceiver()])
  const [cosmos, queues] = await Promise.all([
    startFaultProxy(stores.settings.Cosmos),
    startFaultProxy(stores.settings.QueueStorage),
  ])
  const app = await startApp(stores, {
    settings: {
      Cosmos: cosmos.connection,
      QueueStorage: queues.connection,
      REPAIR_AFTER_SECONDS: '1',
      DELIVERY_RETRY_SECONDS: '1',
      AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:01',
    },
  })
  const calm = () => {
    cosmos.plan = () => undefined
    queues.plan = () => undefined
    receiver.behave({})
  }
  const stop = async () => {
    calm() // what hangs would hold the app up
    await app.stop()
    await Promise.all([receiver.stop(), cosmos.stop(), queues.stop()])
  }
  return { stores, receiver, cosmos, queues, app, calm, leave: calm, stop }
})
