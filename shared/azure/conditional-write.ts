import { isDeepStrictEqual } from 'node:util'
import type {
  Container,
  CosmosHeaders,
  JSONValue,
  PartitionKey,
  RequestOptions,
} from '@azure/cosmos'
import { classifyCosmosError, headersOf, isNotFound, isPreconditionFailed } from './cosmos-error.ts'
import { CALL_MS, sessionOf } from './cosmos.ts'
import { readDocument, type Stored } from './documents.ts'
import { retry } from './retry.ts'
import { withTimeout } from './timeout.ts'

/**
 * The result of a conditional write: `changed` after a concurrent write, or an earlier try whose response was lost.
 * `session` is the token of the current version.
 */
export type ConditionalWrite =
  | { outcome: 'written'; etag: string; session: string | undefined }
  | { outcome: 'changed'; session: string | undefined }

/** A change of a member at the top of a document. */
export type MemberPatch =
  { op: 'set'; path: string; value: JSONValue } | { op: 'remove'; path: string }

/**
 * Patches a document that is unchanged since it was read. Recognises its own earlier try whose response was lost. Throws when
 * retries fail.
 */
export async function patchIfMatch(
  container: Container,
  { id, _etag }: { id: string; _etag: string },
  key: PartitionKey,
  operations: MemberPatch[],
): Promise<ConditionalWrite> {
  const written = await ifMatch(_etag, (options) =>
    container.item(id, key).patch(operations, options),
  )
  if (written.outcome === 'written' || !written.mayBeOurs) return written
  const current = await readDocument<Record<string, unknown>>(container, id, key, written.session)
  const isDone = (each: MemberPatch) =>
    isDeepStrictEqual(current?.[each.path.slice(1)], each.op === 'set' ? each.value : undefined)
  return current !== undefined && operations.every(isDone)
    ? { outcome: 'written', etag: current._etag, session: written.session }
    : written
}

/**
 * Replaces a document that is unchanged since it was read. Recognises its own earlier try whose response was lost.
 * Throws when retries fail.
 */
export async function replaceIfMatch<T extends { id: string }>(
  container: Container,
  { _etag, _ts, ...document }: Stored<T>,
  key: PartitionKey,
): Promise<ConditionalWrite> {
  const written = await ifMatch(_etag, (options) =>
    container.item(document.id, key).replace(document, options),
  )
  if (written.outcome === 'written' || !written.mayBeOurs) return written
  const current = await readDocument<object>(container, document.id, key, written.session)
  const isOurs = current !== undefined && isDeepStrictEqual(plain(current), plain(document))
  return isOurs ? { outcome: 'written', etag: current._etag, session: written.session } : written
}

/** Returns a document without the members that Cosmos DB adds. */
const plain = (document: object): unknown =>
  JSON.parse(
    JSON.stringify(document, (name, value: unknown) => (name.startsWith('_') ? undefined : value)),
  )

/** What `ifMatch` knows of a document that has changed: whether one of its own tries may have done so. */
type Tried =
  | Extract<ConditionalWrite, { outcome: 'written' }>
  | (Extract<ConditionalWrite, { outcome: 'changed' }> & { mayBeOurs: boolean })

/**
 * Writes with If-Match; the emulator does not check the condition of a patch itself. A deleted document counts as
 * changed. A try that was throttled has changed nothing; any other that failed may have, one that met a 503 too.
 */
async function ifMatch(
  condition: string,
  write: (options: RequestOptions) => Promise<{ headers: CosmosHeaders; etag: string }>,
): Promise<Tried> {
  const accessCondition = { type: 'IfMatch', condition }
  let mayBeOurs = false
  const note = (error: unknown): never => {
    const { kind } = classifyCosmosError(error)
    if (kind === 'unclear' || kind === 'unreachable') mayBeOurs = true
    throw error
  }
  try {
    const { headers, etag } = await retry(() =>
      withTimeout(CALL_MS, (abortSignal) => write({ accessCondition, abortSignal })).catch(note),
    )
    return { outcome: 'written', etag, session: sessionOf(headers) }
  } catch (error) {
    if (isPreconditionFailed(error) || isNotFound(error))
      return { outcome: 'changed', session: sessionOf(headersOf(error)), mayBeOurs }
    throw error
  }
}

const MAX_TRIES = 10 // each lost to a concurrent write; a lagging replica may return the same old version for a while

/**
 * Replaces a document by what `modify` returns, and retries with the current version after a concurrent write. Returns
 * what was stored, or undefined when `modify` does or the document is gone. Throws after ten tries.
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
