import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { CosmosClient } from '@azure/cosmos'
import { QueueServiceClient } from '@azure/storage-queue'
import { Agent, request } from 'undici'
import { clientBody, clientHeaders, genericEvent } from '../../local/example.ts'
import type { OperationUsage } from '../../local/emulators/usage.ts'
import { fastPolling } from '../../local/settings.ts'
import type { Stack } from '../../local/stack.ts'
import { altinnToken, callers, platformToken } from '../../local/tokens.ts'
import { startHostProcess } from './host.ts'
import { inboundCount, inboundQueues } from '../../shared/azure/definitions.ts'
import { createStores } from './stores.ts'

const QUEUES = [...inboundQueues(inboundCount()), 'events-retry'] // without `drains`: the last check of a drain comes 40 s later
const TOKEN_SECONDS = 4 * 3600 // a long soak takes longer than real tokens last

/** The longest ms between polls of an empty queue. */
export const POLLING_MS = 100

/** An accepted event (201), and when, in epoch ms. */
export interface Accepted {
  id: string
  at: number
}

export type App = Awaited<ReturnType<typeof startApp>>

interface Options {
  /** Starts only these functions. */
  functions?: string[]
  /** Extra Node.js flags of its host. */
  flags?: string[]
  /** Publishes a generic event instead of an app's. */
  isGeneric?: boolean
}

/** Starts the built app in its own process, with its own database and storage account. */
export async function startApp(
  stack: Stack,
  name: string,
  connections: number,
  { functions, flags, isGeneric = false }: Options = {},
) {
  const stores = await createStores(stack, name)
  const env = { ...stack.settings, ...stores.settings, ...fastPolling, ...benchSettings }
  const args = functions === undefined ? [] : ['--functions', functions.join(',')]
  const { child, url } = await startHostProcess('../../local/start-host.ts', { args, flags, env })
  const api = `${url}/events/api/v1`
  const publish = isGeneric ? genericPublisher : appPublisher
  const publisher = await publish(api, stack.issuer.url, new Agent({ connections, pipelining: 1 }))
  return {
    api,
    publish: (data?: string) => publisher.publish(data),
    /** Returns the bytes of its process: resident, and on the heap after a full garbage collection. */
    resident: async () => (await child.usage()).rssBytes,
    heapUsed: () => child.heapUsed(),
    /** The connection string of its queues. */
    storage: stores.settings.QueueStorage,
    waitUntilDrained: () => waitUntilEmpty(stores.settings.QueueStorage),
    /** Returns the operations of the app on each container since the last reset. */
    usage: () => usageOf(stack, name),
    /** Returns the request units of the app since the last reset. */
    charge: () => chargeOf(stack, name),
    /** Returns how many bytes a document of a container has, on average. */
    documentBytes: (container: string) => documentBytesOf(stack, name, container),
    async stop(): Promise<void> {
      await publisher.close()
      await child.stop()
    },
  }
}

const benchSettings = {
  PORT: '0',
  WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
  DELIVERY_TIMEOUT_SECONDS: '15', // as in production
}

/** Returns a publisher of the example event. `publish` throws unless the answer is 201. */
async function appPublisher(api: string, issuer: string, dispatcher: Agent) {
  const headers = clientHeaders(
    await altinnToken(issuer, callers.org('ttd'), TOKEN_SECONDS),
    await platformToken(issuer, 'ttd', 'apps-test', TOKEN_SECONDS),
  )
  return {
    async publish(data?: string): Promise<Accepted> {
      const text = await post(`${api}/app`, headers, clientBody({ data }), 201, dispatcher)
      return { id: String(JSON.parse(text)), at: Date.now() }
    },
    close: () => dispatcher.close(),
  }
}

/** Returns a publisher of the generic example event, each time with another id. `publish` throws unless the answer is 200. */
async function genericPublisher(api: string, issuer: string, dispatcher: Agent) {
  const claims = { ...callers.org('ttd'), scope: 'altinn:events.publish' }
  const headers = {
    Authorization: `Bearer ${await altinnToken(issuer, claims, TOKEN_SECONDS)}`,
    'Content-Type': 'application/cloudevents+json',
  }
  return {
    async publish(data?: string): Promise<Accepted> {
      const event = { ...genericEvent, id: randomUUID(), data }
      await post(`${api}/events`, headers, JSON.stringify(event), 200, dispatcher)
      return { id: event.id, at: Date.now() }
    },
    close: () => dispatcher.close(),
  }
}

async function post(
  url: string,
  headers: Record<string, string>,
  body: string,
  status: number,
  dispatcher: Agent,
): Promise<string> {
  const answer = await request(url, { method: 'POST', headers, body, dispatcher })
  const text = await answer.body.text()
  if (answer.statusCode !== status) throw new Error(`The app answered ${answer.statusCode} ${text}`)
  return text
}

/** Waits until the queues are empty. Throws after 30 s. */
async function waitUntilEmpty(storage: string): Promise<void> {
  const service = QueueServiceClient.fromConnectionString(storage)
  const countOf = async (name: string) =>
    (await service.getQueueClient(name).getProperties()).approximateMessagesCount ?? 0
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(50)) {
    const counts = await Promise.all(QUEUES.map(countOf))
    if (counts.every((count) => count === 0)) return
  }
  throw new Error('The queues were not empty within 30 s.')
}

async function usageOf(
  { emulators }: Stack,
  database: string,
): Promise<Map<string, OperationUsage>> {
  const { byContainer } = await emulators.usage()
  const tallies = Object.entries(byContainer)
  const ours = tallies.filter(([name]) => name.startsWith(`${database}/`))
  return new Map(ours.map(([name, tally]) => [name.slice(database.length + 1), tally]))
}

async function documentBytesOf(
  { emulators }: Stack,
  database: string,
  container: string,
): Promise<number> {
  const items = new CosmosClient(emulators.cosmos).database(database).container(container).items
  const { resources } = await items.readAll<object>().fetchAll()
  const all = resources.reduce((sum, each) => sum + Buffer.byteLength(JSON.stringify(each)), 0)
  return all / resources.length
}

async function chargeOf(stack: Stack, database: string): Promise<number> {
  const tallies = [...(await usageOf(stack, database)).values()]
  return tallies.reduce((sum, { charge }) => sum + charge, 0)
}
