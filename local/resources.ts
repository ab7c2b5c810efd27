import { CosmosClient, PartitionKeyDefinitionVersion, PartitionKeyKind } from '@azure/cosmos'
import { QueueServiceClient } from '@azure/storage-queue'
import {
  containers,
  inboundCount,
  queueNames,
  type ContainerDefinition,
} from '../shared/azure/definitions.ts'

/** Creates what infra/ creates in Azure, unless it exists: the database, its containers and the queues. */
export async function createResources(
  stack: { cosmos: string; storage: string; database: string },
  inbound = inboundCount(),
): Promise<void> {
  const { database } = await new CosmosClient(stack.cosmos).databases.createIfNotExists({
    id: stack.database,
  })
  const service = QueueServiceClient.fromConnectionString(stack.storage)
  await Promise.all([
    ...containers.map((definition) =>
      database.containers.createIfNotExists(containerRequest(definition)),
    ),
    ...queueNames(inbound)
      .flatMap((name) => [name, `${name}-poison`])
      .map((name) => service.getQueueClient(name).createIfNotExists()),
  ])
}

export function containerRequest({
  id,
  partitionKeyPaths,
  defaultTtlSeconds,
  ...indexes
}: ContainerDefinition) {
  const kind = partitionKeyPaths.length > 1 ? PartitionKeyKind.MultiHash : PartitionKeyKind.Hash
  return {
    id,
    partitionKey: { paths: partitionKeyPaths, kind, version: PartitionKeyDefinitionVersion.V2 },
    defaultTtl: defaultTtlSeconds,
    indexingPolicy: {
      includedPaths: indexes.indexedPaths.map((path) => ({ path })),
      excludedPaths: [{ path: '/*' }],
      compositeIndexes: indexes.compositeIndexes.map((paths) =>
        paths.map((path) => ({ path, order: 'ascending' as const })),
      ),
    },
  }
}
