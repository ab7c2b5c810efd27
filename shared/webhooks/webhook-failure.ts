import type { FailureReason } from './webhook-outcome.ts'

/** A connection that was not made, because its address must not be connected to; the message is for people. */
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

/** What a request failed of. `detail` may be shown to the subscriber, so it is ours and has no address or text of theirs. */
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

/** A DOMException's code is a number that says nothing: its name does. */
const namesOf = ({ code, name }: NodeJS.ErrnoException): string[] =>
  typeof code === 'string' ? [code, name] : [name]

/** The error, those behind it, and those it gathers where several addresses were tried. */
function errorsIn(error: unknown): Error[] {
  if (!(error instanceof Error)) return []
  const gathered: unknown[] = error instanceof AggregateError ? error.errors : []
  return [error, ...gathered.flatMap(errorsIn), ...errorsIn(error.cause)]
}
