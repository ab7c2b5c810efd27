import type { FailureReason } from './webhook-outcome.ts'

/** Rejects a connection to an address that is not allowed. The message is shown to subscribers. */
export class AddressError extends Error {}

const reasonPatterns: [FailureReason, RegExp, string][] = [
  ['timeout', /TIMEOUT|TIMEDOUT|TimeoutError/, 'no whole answer within the time limit'],
  ['refused', /^ECONNREFUSED$/, 'the connection was refused'],
  ['reset', /^ECONNRESET$|^EPIPE$|^UND_ERR_SOCKET$/, 'the connection was closed before an answer'],
  ['dns', /^ENOTFOUND$|^EAI_|^ENODATA$|^ESERVFAIL$/, 'the host name cannot be resolved'],
  ['tls', /^ERR_TLS|^ERR_SSL|^EPROTO$|CERT|SIGNATURE|^ERR_OSSL/, 'no TLS connection'],
  ['other', /^UND_ERR_HEADERS_OVERFLOW$/, 'the headers of the answer are too large'],
  ['other', /^HPE_|^HTTPParserError$|^UND_ERR_RES/, 'the answer is not valid HTTP'],
  ['other', /UNREACH$/, 'no network leads to the host'],
]

/** Returns why a request failed. `detail` is shown to the subscriber, so it contains no address and no remote text. */
export function failureOf(error: unknown): { reason: FailureReason; detail: string } {
  const causes = errorsIn(error)
  const fault = causes.find((each) => each instanceof AddressError)
  if (fault !== undefined)
    return { reason: 'address', detail: `the host's address is ${fault.message}` }
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
