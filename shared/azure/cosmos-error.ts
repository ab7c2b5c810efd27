import type { CosmosHeaders } from '@azure/cosmos'
import { sessionOf } from './cosmos.ts'

/**
 * What a failed Cosmos DB call means for a retry. `exists`: 409. `throttled`: retry after `waitMs`. `unreachable`: the store
 * takes no calls now. `unclear`: the call may have had its effect. `final`: a retry fails as well.
 */
export type CosmosErrorKind =
  | { kind: 'exists'; session: string | undefined }
  | { kind: 'throttled'; waitMs: number }
  | { kind: 'unreachable' | 'unclear' | 'final' }

/** The statuses by which Cosmos DB decides on a request, besides a 404 of the document. Other failures are transient. */
const DECISIONS: Record<number, 'final' | 'exists'> = {
  400: 'final', // the request is wrong
  409: 'exists',
  412: 'final', // the document has changed
  413: 'final', // the document is too large
}
/** Statuses, codes and names of errors that mean that the store takes no calls now. A write that met a 503 may have arrived. */
const UNREACHABLE = new Set<unknown>([
  401, // a key or role has changed
  403, // a network rule has changed
  503,
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'AuthenticationRequiredError', // the identity endpoint gives no token
  'CredentialUnavailableError',
])
const BUGS = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError'])

/**
 * Classifies an error of @azure/cosmos by its `code` (an HTTP status or a system code), or by its name. Only a decision
 * of Cosmos DB and a bug in our code are final. A 404 of an account or a container, 408, 410, 449, every 5xx and every
 * error on the way there are transient.
 */
export function classifyCosmosError(error: unknown): CosmosErrorKind {
  if (!(error instanceof Error)) return { kind: 'final' }
  const { code = error.name, headers, retryAfterInMs } = fieldsOf(error)
  if (code === 429) return { kind: 'throttled', waitMs: retryAfterInMs ?? 100 }
  const decision = typeof code === 'number' ? DECISIONS[code] : undefined
  if (decision === 'exists') return { kind: 'exists', session: sessionOf(headers) }
  if (decision === 'final' || isNotFound(error) || BUGS.has(error.name)) return { kind: 'final' }
  return {
    kind: UNREACHABLE.has(code) || UNREACHABLE.has(error.name) ? 'unreachable' : 'unclear',
  }
}

/** Returns whether an error says that a document has changed: the condition of the write is not met. */
export const isPreconditionFailed = (error: unknown): boolean =>
  error instanceof Error && fieldsOf(error).code === 412

/** Returns whether an error says that a document does not exist. With a substatus, something else does not: the container. */
export const isNotFound = (error: unknown): boolean =>
  error instanceof Error && fieldsOf(error).code === 404 && !fieldsOf(error).substatus

function fieldsOf(
  error: Error & {
    code?: unknown
    substatus?: number
    headers?: CosmosHeaders
    retryAfterInMs?: number
  },
) {
  return error
}

/** The headers of a failed call, where there was an answer. */
export const headersOf = (error: unknown): CosmosHeaders | undefined =>
  error instanceof Error ? fieldsOf(error).headers : undefined
