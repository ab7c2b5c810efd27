import { CosmosClient } from '@azure/cosmos'
import { QueueServiceClient } from '@azure/storage-queue'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createResources } from '../../local/resources.ts'
import { scaleTimeout } from './time-limits.ts'

/** Set to an address such as http://127.0.0.1:7071, the app tests run against that instance and its stores. */
export const deployedUrl = process.env['APP_URL']

/** The stores that an app under test uses: a database and a storage account of its own on the shared emulators. */
export type TestStores = Awaited<ReturnType<typeof createTestStores>>

export async function createTestStores({
  cosmos = setting('TEST_COSMOS'),
  storage = setting('TEST_STORAGE'),
  inbound = 1,
} = {}) {
  const prefix = process.env['TEST_PREFIX'] ?? 't'
  const name = `${prefix}${randomUUID().replaceAll('-', '')}`.slice(0, 21) // a storage account's has 24 at most
  const stack =
    deployedUrl === undefined
      ? { cosmos, storage: storage.replaceAll('devstoreaccount1', name), database: name }
      : {
          cosmos: setting('Cosmos'),
          storage: setting('QueueStorage'),
          database: setting('COSMOS_DATABASE'),
        }
  if (deployedUrl === undefined) await createResources(stack, inbound)
  const database = new CosmosClient(stack.cosmos).database(stack.database)
  const queues = QueueServiceClient.fromConnectionString(stack.storage)
  return {
    settings: {
      AzureWebJobsStorage: stack.storage,
      Cosmos: stack.cosmos,
      COSMOS_DATABASE: stack.database,
      QueueStorage: stack.storage,
    },
    queue: (queue: string) => queues.getQueueClient(queue),
    container: (id: string) => database.container(id),
    /** All documents of a container. */
    async documents<T extends { id: string }>(id: string): Promise<T[]> {
      return (await database.container(id).items.readAll<T>().fetchAll()).resources
    },
    /** Sends a message as the app does. */
    async send(queue: string, message: object | string, delaySeconds = 0): Promise<void> {
      const text = typeof message === 'string' ? message : JSON.stringify(message)
      await queues.getQueueClient(queue).sendMessage(Buffer.from(text).toString('base64'), {
        messageTimeToLive: -1,
        visibilityTimeout: delaySeconds,
      })
    },
    /** Clears a queue again and again, so that what is sent to it is lost, until the function that it returns is called. */
    loseMessages(queue: string): () => Promise<void> {
      const end = new AbortController()
      const losing = (async () => {
        while (!end.signal.aborted) {
          await queues.getQueueClient(queue).clearMessages()
          await sleep(50)
        }
      })()
      return () => {
        end.abort()
        return losing
      }
    },
    /** How many messages a queue holds, hidden ones included. */
    async countMessages(queue: string): Promise<number> {
      return (await queues.getQueueClient(queue).getProperties()).approximateMessagesCount ?? 0
    },
  }
}

/** Where the Cosmos DB emulator of these stores listens, without a slash at the end. */
export const cosmosEndpoint = ({ settings }: TestStores): string =>
  /AccountEndpoint=(http:\/\/[^/;]+)/.exec(settings.Cosmos)?.[1] ?? ''

/** A setting that the global set-up, or whoever set APP_URL, put into the environment. */
export function setting(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set`)
  return value
}

/**
 * Returns the first thing that `find` finds, at first asking every 25 ms, then ever more seldom: what asks the emulators
 * takes its time from what it waits for. Throws, naming `what`, after `seconds` of a quiet machine.
 */
export async function eventually<T>(
  what: string,
  find: () => Promise<T | undefined | false> | T | undefined | false,
  seconds = 10,
): Promise<T> {
  const began = performance.now()
  const limit = scaleTimeout(seconds * 1000)
  for (let waited = 0; waited < limit; waited = performance.now() - began) {
    const found = await find()
    if (found !== undefined && found !== false) return found
    await sleep(Math.min(250, 25 + waited / 8))
  }
  throw new Error(`not within ${limit / 1000} s: ${what}`)
}

/** Returns the first answer but a 503, which a busy machine gives. */
export const unlessBusy = (ask: () => Promise<Response>, seconds?: number): Promise<Response> =>
  eventually(
    'an answer but 503',
    async () => {
      const answer = await ask()
      return answer.status !== 503 && answer
    },
    seconds,
  )

/** Waits until the clock says `ms` of the epoch, or later. */
export const sleepUntil = (ms: number): Promise<void> => sleep(Math.max(0, ms - Date.now()))
