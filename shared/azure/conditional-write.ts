import { isDeepStrictEqual } from 'node:util'
import type {
  Container,
  CosmosHeaders,
  PartitionKey,
  PatchOperation,
  RequestOptions,
} from '@azure/cosmos'
import { headersOf, hasStatus } from './cosmos-error.ts'
import { CALL_MS, sessionOf } from './cosmos.ts'
import { readDocument, type Stored } from './documents.ts'
import { retry } from './retry.ts'
import { withTimeout } from './timeout.ts'

/**
 * How a conditional write ended: `changed` where another was first, or an earlier try whose answer was lost. `session` is
 * the token of what is there now.
 */
export type ConditionalWrite =
  | { outcome: 'written'; etag: string; session: string | undefined }
  | { outcome: 'changed'; session: string | undefined }

/** Patches a document that is still as it was read. Throws what trying again did not mend. */
export function patchIfMatch(
  container: Container,
  { id, _etag }: { id: string; _etag: string },
  key: PartitionKey,
  operations: PatchOperation[],
): Promise<ConditionalWrite> {
  return ifMatch(_etag, (options) => container.item(id, key).patch(operations, options))
}

/**
 * Replaces a document that is still as it was read. A write whose answer was lost is found to be done. Throws what trying
 * again did not mend.
 */
export async function replaceIfMatch<T extends { id: string }>(
  container: Container,
  { _etag, _ts, ...document }: Stored<T>,
  key: PartitionKey,
): Promise<ConditionalWrite> {
  let tries = 0
  const written = await ifMatch(_etag, (options) => {
    tries++
    return container.item(document.id, key).replace(document, options)
  })
  if (written.outcome === 'written' || tries === 1) return written // no try before it can have been done
  const current = await readDocument<object>(container, document.id, key, written.session)
  const isOurs = current !== undefined && isDeepStrictEqual(plain(current), plain(document))
  return isOurs ? { outcome: 'written', etag: current._etag, session: written.session } : written
}

/** What a document says itself, as JSON has it: without what Cosmos DB adds. */
const plain = (document: object): unknown =>
  JSON.parse(
    JSON.stringify(document, (name, value: unknown) => (name.startsWith('_') ? undefined : value)),
  )

/** Writes under If-Match; the emulator does not check a patch's own condition. A document that is gone has changed too. */
async function ifMatch(
  condition: string,
  write: (options: RequestOptions) => Promise<{ headers: CosmosHeaders; etag: string }>,
): Promise<ConditionalWrite> {
  const accessCondition = { type: 'IfMatch', condition }
  try {
    const { headers, etag } = await retry(() =>
      withTimeout(CALL_MS, (abortSignal) => write({ accessCondition, abortSignal })),
    )
    return { outcome: 'written', etag, session: sessionOf(headers) }
  } catch (error) {
    if (hasStatus(error, 412) || hasStatus(error, 404))
      return { outcome: 'changed', session: sessionOf(headersOf(error)) }
    throw error
  }
}

const MAX_TRIES = 10 // each lost to another writer; a replica that lags may show the same old version for a while

/**
 * Stores what `modify` makes of a document that was read, and does it again on what is there where another write was first.
 * Returns what was stored, or undefined where `modify` returns nothing or the document is gone. Throws after ten tries.
 */
export async function compareAndSet<T extends object>(
  read: Stored<T>,
  modify: (current: Stored<T>) => T | undefined,
  { save, reload }: Access<T>,
): Promise<{ document: Stored<T>; session: string | undefined } | undefined> {
  let current: Stored<T> | undefined = read
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const modified: T | undefined = current && modify(current)
    if (current === undefined || modified === undefined) return undefined
    const document: Stored<T> = { ...modified, _etag: current._etag, _ts: current._ts }
    const written = await save(document)
    if (written.outcome === 'written')
      return { document: { ...document, _etag: written.etag }, session: written.session }
    current = await reload(written.session)
  }
  throw new Error('The document changes too often to be written.')
}

interface Access<T> {
  save: (document: Stored<T>) => Promise<ConditionalWrite>
  /** Reads the document again, at least as new as the session token says. */
  reload: (session: string | undefined) => Promise<Stored<T> | undefined>
}
