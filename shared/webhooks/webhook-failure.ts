import type { FailureReason } from './webhook-outcome.ts'

/** A failure whose reason is known where it happens. The message is shown to the subscriber. */
export class WebhookError extends Error {
  readonly reason: FailureReason
  constructor(reason: FailureReason, message: string) {
    super(message)
    this.reason = reason
  }
}

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
  const own = causes.find((each) => each instanceof WebhookError)
  return own === undefined ? failureByCode(causes) : { reason: own.reason, detail: own.message }
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
