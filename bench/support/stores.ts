import { CosmosClient } from '@azure/cosmos'
import { QueueServiceClient, type QueueClient } from '@azure/storage-queue'
import { createResources } from '../../local/resources.ts'
import { inboundCount, inboundQueues } from '../../shared/azure/definitions.ts'
import type { Stack } from '../../local/stack.ts'

export type Stores = Awaited<ReturnType<typeof createStores>>

/** Creates a database and a storage account for a contender. */
export async function createStores({ emulators }: Stack, name: string) {
  const storage = emulators.storage.replaceAll('devstoreaccount1', name)
  const resources = { cosmos: emulators.cosmos, storage, database: name }
  await createResources(resources)
  const events = new CosmosClient(emulators.cosmos).database(name).container('events')
  const service = QueueServiceClient.fromConnectionString(storage)
  const queues = inboundQueues(inboundCount()).map((queue) => service.getQueueClient(queue))
  const countOf = async (queue: QueueClient) =>
    (await queue.getProperties()).approximateMessagesCount ?? 0
  return {
    settings: {
      AzureWebJobsStorage: storage,
      Cosmos: emulators.cosmos,
      COSMOS_DATABASE: name,
      QueueStorage: storage,
    },
    /** Deletes all events and messages. */
    async empty(): Promise<void> {
      await Promise.all([events.delete(), ...queues.map((queue) => queue.clearMessages())])
      await createResources(resources)
    },
    /** Throws unless there are `count` events and messages: a contender that skips calls would seem fast. */
    async assertCount(count: number): Promise<void> {
      const counting = events.items.query<number>('SELECT VALUE COUNT(1) FROM c')
      const [documents] = (await counting.fetchAll()).resources
      const messages = (await Promise.all(queues.map(countOf))).reduce((sum, each) => sum + each)
      if (documents !== count || messages !== count)
        throw new Error(`${name}: ${count} calls, ${documents} events, ${messages} messages`)
    },
  }
}
