import { LookupError } from './lookup.ts'
import type { FailureReason } from './webhook-outcome.ts'

/** Rejects a connection to an address that is not allowed. The message is shown to subscribers. */
export class AddressError extends Error {}

/** An answer that is HTTP, and none to this request. The message is shown to subscribers. */
export class AnswerError extends Error {}

const UNRESOLVED = 'the host name cannot be resolved'
const reasonPatterns: [FailureReason, RegExp, string][] = [
  ['timeout', /TIMEDOUT|TimeoutError/, 'no answer within the time limit'],
  ['refused', /^ECONNREFUSED$/, 'the connection was refused'],
  ['reset', /^ECONNRESET$|^EPIPE$/, 'the connection was closed before an answer'],
  ['tls', /^ERR_TLS|^ERR_SSL|^EPROTO$|CERT|SIGNATURE|^ERR_OSSL/, 'no TLS connection'],
  ['other', /^HPE_HEADER_OVERFLOW$/, 'the headers of the answer are too large'],
  ['other', /^HPE_/, 'the answer is not valid HTTP'],
  ['other', /UNREACH$/, 'no network leads to the host'],
]

/** Returns why a request failed. `detail` is shown to the subscriber, so it contains no address and no remote text. */
export function failureOf(error: unknown): { reason: FailureReason; detail: string } {
  const causes = errorsIn(error)
  return causes.map(ownFailure).find((each) => each !== undefined) ?? failureByCode(causes)
}

function ownFailure(error: Error): { reason: FailureReason; detail: string } | undefined {
  if (error instanceof AddressError)
    return { reason: 'address', detail: `the host's address is ${error.message}` }
  if (error instanceof AnswerError) return { reason: 'other', detail: error.message }
  if (!(error instanceof LookupError)) return undefined
  const { code } = error
  return { reason: 'dns', detail: code === 'ENOTFOUND' ? UNRESOLVED : `${UNRESOLVED}: ${code}` }
}

function failureByCode(causes: Error[]): { reason: FailureReason; detail: string } {
  const codes = causes.flatMap(namesOf)
  for (const [reason, form, text] of reasonPatterns) {
    const code = codes.find((each) => form.test(each))
    if (code !== undefined) return { reason, detail: reason === 'tls' ? `${text}: ${code}` : text }
  }
  return { reason: 'other', detail: codes[0] ?? 'unknown' }
}

/** The code of a DOMException is a number without meaning, so its name counts. */
const namesOf = ({ code, name }: NodeJS.ErrnoException): string[] =>
  typeof code === 'string' ? [code, name] : [name]

/** Returns the error, its causes, and the errors of each address tried. */
function errorsIn(error: unknown): Error[] {
  if (!(error instanceof Error)) return []
  const gathered: unknown[] = error instanceof AggregateError ? error.errors : []
  return [error, ...gathered.flatMap(errorsIn), ...errorsIn(error.cause)]
}
