import type { Container, JSONValue, PartitionKey } from '@azure/cosmos'
import { CALL_MS } from './cosmos.ts'
import { retry } from './retry.ts'
import { withTimeout } from './timeout.ts'

/** A stored document: the etag of the version read, and the epoch second of its write. */
export type Stored<T> = T & { _etag: string; _ts: number }

/**
 * Reads one document, at least as new as the session token. Returns undefined when none is visible (yet). Each try goes
 * through `limited`.
 */
export async function readDocument<T extends object>(
  container: Container,
  id: string,
  key: PartitionKey,
  session?: string,
  limited: <R>(call: () => Promise<R>) => Promise<R> = (call) => call(),
): Promise<Stored<T> | undefined> {
  return retry(async () => {
    const { resource, substatus } = await limited(() =>
      withTimeout(CALL_MS, (abortSignal) =>
        container.item(id, key).read<Stored<T>>({
          abortSignal,
          ...(session !== undefined && { sessionToken: session }),
        }),
      ),
    )
    // The SDK returns a 404 of any kind without throwing: no container (1003), no replica with the session yet (1002).
    if (resource === undefined && substatus) throw new Error(`Document ${id}: 404/${substatus}.`)
    return resource
  })
}

/** Returns all results of a query that bounds their number itself, fetched `batch` at a time. */
export async function queryAll<T>(
  container: Container,
  query: string,
  parameters: Record<string, JSONValue> = {},
  batch = BATCH,
  limitMs = QUERY_MS,
): Promise<T[]> {
  const { resources } = await retry(() =>
    withTimeout(limitMs, (abortSignal) => {
      const options = {
        abortSignal,
        maxItemCount: batch,
        maxDegreeOfParallelism: MAX_PARALLEL_PARTITIONS,
      }
      return container.items.query<T>(specOf(query, parameters), options).fetchAll()
    }),
  )
  return resources
}
const BATCH = 100 // the default of Cosmos DB
export const MAX_PARALLEL_PARTITIONS = 64 // physical partitions asked at once: the SDK asks all, each by a connection of its own

/**
 * Returns all results of a query whose documents may lie anywhere. The SDK reads a batch from every physical partition
 * before it has the first result, so the batch is small. 1,700 partitions take 27 rounds (docs/capacity.md).
 */
export const queryCrossPartition = <T>(
  container: Container,
  query: string,
  parameters: Record<string, JSONValue> = {},
): Promise<T[]> =>
  queryAll<T>(container, query, parameters, CROSS_PARTITION_BATCH, CROSS_PARTITION_MS)
export const CROSS_PARTITION_BATCH = 50
const CROSS_PARTITION_MS = 10_000

/**
 * Passes the results of a query, fetched `batch` at a time, to `take` until it returns false. Returns the last result
 * passed.
 */
export function queryUntil<T>(
  container: Container,
  query: string,
  parameters: Record<string, JSONValue>,
  batch: number,
  take: (result: T) => boolean,
): Promise<T | undefined> {
  return withTimeout(QUERY_MS, async (abortSignal) => {
    const options = {
      abortSignal,
      maxItemCount: batch,
      maxDegreeOfParallelism: MAX_PARALLEL_PARTITIONS,
    }
    const batches = container.items.query<T>(specOf(query, parameters), options).getAsyncIterator()
    let last: T | undefined
    for await (const { resources } of batches) for (last of resources) if (!take(last)) return last
    return last
  })
}

const specOf = (query: string, parameters: Record<string, JSONValue>) => ({
  query,
  parameters: Object.entries(parameters).map(([name, value]) => ({ name, value })),
})
const QUERY_MS = 5000
