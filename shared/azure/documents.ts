import type {
  Container,
  CosmosHeaders,
  JSONValue,
  PartitionKey,
  PatchOperation,
  RequestOptions,
} from '@azure/cosmos'
import { hasStatus } from './cosmos-error.ts'
import { CALL_MS, sessionOf } from './cosmos.ts'
import { retry } from './retry.ts'
import { withTimeout } from './timeout.ts'

/** A stored document with the tag that says which version was read. */
export type Stored<T> = T & { _etag: string }

/** Reads one document, at least as new as `session` says. Undefined where it is not to be seen (yet). */
export async function readDocument<T extends object>(
  container: Container,
  id: string,
  key: PartitionKey,
  session?: string,
): Promise<Stored<T> | undefined> {
  const { resource } = await retry(() =>
    withTimeout(CALL_MS, (abortSignal) =>
      container.item(id, key).read<Stored<T>>({
        abortSignal,
        ...(session !== undefined && { sessionToken: session }),
      }),
    ),
  )
  return resource
}

/** How a conditional write ended: `changed` where another was first, or an earlier try whose answer was lost. */
export type ConditionalWrite = { outcome: 'written' | 'changed'; session: string | undefined }

/** Patches a document that is still as it was read. */
export function patchIfMatch(
  container: Container,
  { id, _etag }: Stored<{ id: string }>,
  key: PartitionKey,
  operations: PatchOperation[],
): Promise<ConditionalWrite> {
  return ifMatch(_etag, (options) => container.item(id, key).patch(operations, options))
}

/** Replaces a document that is still as it was read. */
export function replaceIfMatch<T extends { id: string }>(
  container: Container,
  { _etag, ...document }: Stored<T>,
  key: PartitionKey,
): Promise<ConditionalWrite> {
  return ifMatch(_etag, (options) => container.item(document.id, key).replace(document, options))
}

/** Writes under If-Match; the emulator does not check a patch's own condition. */
async function ifMatch(
  condition: string,
  write: (options: RequestOptions) => Promise<{ headers: CosmosHeaders }>,
): Promise<ConditionalWrite> {
  const accessCondition = { type: 'IfMatch', condition }
  try {
    const { headers } = await retry(() =>
      withTimeout(CALL_MS, (abortSignal) => write({ accessCondition, abortSignal })),
    )
    return { outcome: 'written', session: sessionOf(headers) }
  } catch (error) {
    if (hasStatus(error, 412)) return { outcome: 'changed', session: undefined }
    throw error
  }
}

/** All results of a query that is bounded by its own text. */
export async function queryAll<T>(
  container: Container,
  query: string,
  parameters: Record<string, JSONValue> = {},
): Promise<T[]> {
  const { resources } = await retry(() =>
    withTimeout(QUERY_MS, (abortSignal) =>
      container.items.query<T>(specOf(query, parameters), { abortSignal }).fetchAll(),
    ),
  )
  return resources
}

/** Gives the results of a query, fetched `batch` at a time, to `take` until it has enough. Gives the last one it took. */
export function queryUntil<T>(
  container: Container,
  query: string,
  parameters: Record<string, JSONValue>,
  batch: number,
  take: (result: T) => boolean,
): Promise<T | undefined> {
  return withTimeout(QUERY_MS, async (abortSignal) => {
    const options = { abortSignal, maxItemCount: batch }
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
