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

/** What Cosmos DB decides by its status, for every call alike. Whatever is not listed passes. */
const DECISIONS: Record<number, 'final' | 'exists'> = {
  400: 'final', // the request is wrong
  404: 'final', // the document is not there; with a substatus it is something else that is missing
  409: 'exists',
  412: 'final', // the document has changed
  413: 'final', // the document is too large
}
/** Answers and errors that say that the call had no effect, besides 429. */
const WITHOUT_EFFECT = new Set<unknown>([
  401, // a key or a role that was changed
  403, // a network rule that was changed
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
 * Classifies an error of a call by its `code` (an HTTP status or a system code), or by its name. Only a decision of
 * Cosmos DB and a bug of ours are final: 404 of an account or a container, 408, 410, 449 and every 5xx pass, and so does
 * whatever else goes wrong on the way.
 */
export function classifyCosmosError(error: unknown): CosmosErrorKind {
  if (!(error instanceof Error)) return { kind: 'final' }
  const { code = error.name, substatus, headers, retryAfterInMs } = fieldsOf(error)
  if (code === 429) return { kind: 'throttled', waitMs: retryAfterInMs ?? 100 }
  const isOfAnother = code === 404 && Boolean(substatus)
  const decision = typeof code === 'number' && !isOfAnother ? DECISIONS[code] : undefined
  if (decision === 'exists') return { kind: 'exists', session: sessionOf(headers) }
  if (decision === 'final' || BUGS.has(error.name)) return { kind: 'final' }
  return {
    kind: WITHOUT_EFFECT.has(code) || WITHOUT_EFFECT.has(error.name) ? 'unreachable' : 'unclear',
  }
}

/** Whether an error says that a document has changed: the condition of the write is not met. */
export const isPreconditionFailed = (error: unknown): boolean =>
  error instanceof Error && fieldsOf(error).code === 412

/** Whether an error says that a document is not there. With a substatus it says something else: no container, no session yet. */
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
