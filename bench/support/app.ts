import { setTimeout as sleep } from 'node:timers/promises'
import { QueueServiceClient } from '@azure/storage-queue'
import { Agent, request } from 'undici'
import { clientBody, clientHeaders } from '../../local/example.ts'
import type { OperationUsage } from '../../local/emulators/usage.ts'
import { fastPolling } from '../../local/settings.ts'
import type { Stack } from '../../local/stack.ts'
import { altinnToken, callers, platformToken } from '../../local/tokens.ts'
import { startHostProcess } from './host.ts'
import { createStores } from './stores.ts'

const QUEUES = ['events-inbound', 'events-retry'] // a drain that looks once more, 40 s later, is no work
const TOKEN_SECONDS = 4 * 3600 // a long soak outlives the real ones

/** The longest interval between polls of an empty queue. */
export const POLLING_MS = 100

/** An event that the app has answered 201 for, and when: ms of the epoch. */
export interface Accepted {
  id: string
  at: number
}

export type App = Awaited<ReturnType<typeof startApp>>

interface Options {
  /** Only these functions. */
  functions?: string[]
  /** For the Node.js of its host, besides those that it always has. */
  flags?: string[]
}

/** Starts the built app in a process of its own, with a database and a storage account of its own. */
export async function startApp(
  stack: Stack,
  name: string,
  connections: number,
  { functions, flags }: Options = {},
) {
  const stores = await createStores(stack, name)
  const env = { ...stack.settings, ...stores.settings, ...fastPolling, ...benchSettings }
  const args = functions === undefined ? [] : ['--functions', functions.join(',')]
  const { child, url } = await startHostProcess('../../local/start-host.ts', { args, flags, env })
  const api = `${url}/events/api/v1`
  const publisher = await createPublisher(`${api}/app`, stack.issuer.url, connections)
  return {
    api,
    publish: (data?: string) => publisher.publish(data),
    /** Bytes of its process, resident, and in use after a full garbage collection. */
    resident: async () => (await child.usage()).rssBytes,
    heapUsed: () => child.heapUsed(),
    /** The connection string of its queues. */
    storage: stores.settings.QueueStorage,
    waitUntilDrained: () => drained(stores.settings.QueueStorage),
    /** What the app has asked of each container since the last reset. */
    usage: () => usageOf(stack, name),
    /** The request units that the app has used since the last reset. */
    charge: () => chargeOf(stack, name),
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

/** Publishes the example event as its app does, over so many connections at most. */
async function createPublisher(url: string, issuer: string, connections: number) {
  const dispatcher = new Agent({ connections, pipelining: 1 })
  const headers = clientHeaders(
    await altinnToken(issuer, callers.org('ttd'), TOKEN_SECONDS),
    await platformToken(issuer, 'ttd', 'apps-test', TOKEN_SECONDS),
  )
  return {
    async publish(data?: string): Promise<Accepted> {
      const body = clientBody({ data })
      const answer = await request(url, { method: 'POST', headers, body, dispatcher })
      const text = await answer.body.text()
      if (answer.statusCode !== 201)
        throw new Error(`The app answered ${answer.statusCode} ${text}`)
      return { id: String(JSON.parse(text)), at: Date.now() }
    },
    close: () => dispatcher.close(),
  }
}

/** Waits until no message is left to fan out or to deliver. */
async function drained(storage: string): Promise<void> {
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

async function chargeOf(stack: Stack, database: string): Promise<number> {
  const tallies = [...(await usageOf(stack, database)).values()]
  return tallies.reduce((sum, { charge }) => sum + charge, 0)
}
