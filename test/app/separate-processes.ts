import { startFaultProxy } from '../../local/fault-proxy.ts'
import { startReceiver } from '../../local/receiver.ts'
import { queueNames } from '../../shared/azure/definitions.ts'
import { startApp } from '../support/app.ts'
import { share } from '../support/share.ts'
import { createTestStores } from '../support/stores.ts'

export const sweeps = ['sweep-events', 'sweep-deliveries', 'sweep-subscriptions']
const subscriptions = ['create-subscription', 'read-subscription', 'delete-subscription']
const [inbound, ...others] = queueNames(1).map((queue) => `keep-poison-${queue}`)
const api = ['publish-event', 'health', ...subscriptions, ...sweeps]
const fanOuts = ['fan-out-event', inbound ?? '']
const work = ['retry-delivery', 'drain-backlog', 'validate-subscription', 'replay-deliveries']

/**
 * The app as on Flex Consumption: HTTP and sweeps, fan-outs, and the other functions of queues on instances of their own,
 * which reach Cosmos DB through a proxy. `startWorker` starts one more that does all the work of queues.
 */
export const useSeparateProcesses = share(async () => {
  const [stores, receiver] = await Promise.all([createTestStores(), startReceiver()])
  const cosmos = await startFaultProxy(stores.settings.Cosmos)
  const settings = {
    Cosmos: cosmos.connection,
    REPAIR_AFTER_SECONDS: '2',
    DELIVERY_TIMEOUT_SECONDS: '5',
    DELIVERY_RETRY_SECONDS: '1,1,1',
    AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:01',
  }
  const start = (...functions: string[]) =>
    startApp(stores, { settings, functions, readsPoison: true })
  const startWorker = () => start(...fanOuts, ...work, ...others)
  const apps = await Promise.all([start(...api), start(...fanOuts), start(...work, ...others)])
  const [http, fanOut, retries] = apps
  const stop = async () => {
    await Promise.all(apps.map((app) => app.stop()))
    await Promise.all([receiver.stop(), cosmos.stop()])
  }
  return { stores, receiver, cosmos, http, fanOut, retries, startWorker, stop }
})
