import type { CosmosHeaders } from '@azure/cosmos'
import { sessionOf } from './cosmos.ts'

/**
 * What a failed Cosmos DB call means for a retry. `exists`: 409. `throttled`: retry after `waitMs`. `unreachable`: the call
 * had no effect. `unclear`: the call may have had its effect. `final`: a retry fails as well.
 */
export type CosmosErrorKind =
  | { kind: 'exists'; session: string | undefined }
  | { kind: 'throttled'; waitMs: number }
  | { kind: 'unreachable' | 'unclear' | 'final' }

const UNREACHABLE = new Set<unknown>([
  503,
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])
// 408 timeout, 410 gone, 449 retry with: retryable by Cosmos DB's documentation. The SDK never retries a create on these.
const UNCLEAR = new Set<unknown>([
  408,
  410,
  449,
  500,
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'TimeoutError',
  'ABORT_ERR',
])

/** Classifies an error of @azure/cosmos by its `code` (an HTTP status or a system code), or by its name. */
export function classifyCosmosError(error: unknown): CosmosErrorKind {
  if (!(error instanceof Error)) return { kind: 'final' }
  const { code = error.name, headers, retryAfterInMs } = fieldsOf(error)
  if (code === 409) return { kind: 'exists', session: sessionOf(headers) }
  if (code === 429) return { kind: 'throttled', waitMs: retryAfterInMs ?? 100 }
  if (UNREACHABLE.has(code)) return { kind: 'unreachable' }
  return { kind: UNCLEAR.has(code) || UNCLEAR.has(error.name) ? 'unclear' : 'final' }
}

/** Whether an error carries this HTTP status, such as 404 or 412. */
export const hasStatus = (error: unknown, status: number): boolean =>
  error instanceof Error && fieldsOf(error).code === status

function fieldsOf(
  error: Error & { code?: unknown; headers?: CosmosHeaders; retryAfterInMs?: number },
) {
  return error
}

/** The headers of a failed call, where there was an answer. */
export const headersOf = (error: unknown): CosmosHeaders | undefined =>
  error instanceof Error ? fieldsOf(error).headers : undefined
