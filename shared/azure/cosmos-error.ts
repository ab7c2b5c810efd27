import type { CosmosHeaders } from '@azure/cosmos'
import { sessionOf } from './cosmos.ts'

/**
 * What a failed Cosmos call means for whoever may try again. `exists`: 409. `throttled`: wait as told. `unreachable`: no
 * answer can have been made. `unclear`: it may have been done. `final`: trying again will not help.
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
// 408 timeout, 410 gone, 449 retry with: Cosmos' own words for "again". Creates are never retried by the SDK on these.
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

/** Reads an error of @azure/cosmos: HTTP status or system code in `code`, else its name. */
export function classifyCosmosError(error: unknown): CosmosErrorKind {
  if (!(error instanceof Error)) return { kind: 'final' }
  const { code = error.name, headers, retryAfterInMs } = fieldsOf(error)
  if (code === 409) return { kind: 'exists', session: sessionOf(headers) }
  if (code === 429) return { kind: 'throttled', waitMs: retryAfterInMs ?? 100 }
  if (UNREACHABLE.has(code)) return { kind: 'unreachable' }
  return { kind: UNCLEAR.has(code) || UNCLEAR.has(error.name) ? 'unclear' : 'final' }
}

/** An error with the status of an answer in it, such as 404 or 412. */
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
