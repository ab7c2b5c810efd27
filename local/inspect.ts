import { CosmosClient } from '@azure/cosmos'
import { QueueServiceClient } from '@azure/storage-queue'
import { inboundCount, queueNames } from '../shared/azure/definitions.ts'

/** Returns the newest event documents of a store, newest first. */
export async function newestEvents(
  cosmos: string,
  database: string,
  count: number,
): Promise<object[]> {
  const { resources } = await new CosmosClient(cosmos)
    .database(database)
    .container('events')
    .items.readAll<{ id: string }>()
    .fetchAll()
  return resources.toSorted((a, b) => (a.id < b.id ? 1 : -1)).slice(0, count)
}

/** Returns how many messages each queue holds, hidden ones included. */
export async function queueLengths(storage: string): Promise<Record<string, number>> {
  const service = QueueServiceClient.fromConnectionString(storage)
  const lengths = queueNames(inboundCount())
    .flatMap((name) => [name, `${name}-poison`])
    .map(async (name): Promise<[string, number]> => {
      const { approximateMessagesCount = 0 } = await service.getQueueClient(name).getProperties()
      return [name, approximateMessagesCount]
    })
  return Object.fromEntries(await Promise.all(lengths))
}
