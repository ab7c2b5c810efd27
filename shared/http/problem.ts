import { STATUS_CODES } from 'node:http'
import type { ValidationErrorItem } from 'joi'

/** The problem `type` of each status, from the same documents as the original's 400 (altinn-contract §4.4). */
export const problemTypes = {
  400: 'https://tools.ietf.org/html/rfc7231#section-6.5.1',
  401: 'https://tools.ietf.org/html/rfc7235#section-3.1',
  403: 'https://tools.ietf.org/html/rfc7231#section-6.5.3',
  404: 'https://tools.ietf.org/html/rfc7231#section-6.5.4',
  408: 'https://tools.ietf.org/html/rfc7231#section-6.5.7',
  409: 'https://tools.ietf.org/html/rfc7231#section-6.5.8',
  413: 'https://tools.ietf.org/html/rfc7231#section-6.5.11',
  415: 'https://tools.ietf.org/html/rfc7231#section-6.5.13',
  422: 'https://tools.ietf.org/html/rfc4918#section-11.2',
  500: 'https://tools.ietf.org/html/rfc7231#section-6.6.1',
  503: 'https://tools.ietf.org/html/rfc7231#section-6.6.4',
}

/** A violation in a body; `pointer` is a JSON pointer (RFC 6901). */
export interface Violation {
  pointer: string
  detail: string
}

/** Ends a request with a problem response (RFC 9457). `detail` is public: it names the violation and nothing internal. */
export class Problem extends Error {
  readonly status: keyof typeof problemTypes
  readonly errors: Violation[]

  constructor(status: keyof typeof problemTypes, detail: string, errors: Violation[] = []) {
    super(detail)
    this.status = status
    this.errors = errors
  }
}

/** Returns a 503 for a write that may or may not have happened. */
export const unconfirmedProblem = (what: string): Problem =>
  new Problem(503, `The ${what} is not confirmed to be stored. Try again.`)

/** Returns the response body. `errors` is present only for several violations, since `detail` names a single one. */
export function problemDetails({ status, message, errors }: Problem, traceId: string) {
  return {
    type: problemTypes[status],
    title: STATUS_CODES[status],
    status,
    detail: message,
    ...(errors.length > 1 && { errors }),
    traceId,
  }
}

/** Returns a 400 that lists all violations that a schema has found. `detail` is `sentence`, or the first violation. */
export const validationProblem = (details: ValidationErrorItem[], sentence?: string): Problem =>
  violationsProblem(violationsOf(details), sentence)

/** Returns a 400 that lists all violations. `detail` is `sentence`, or the first violation. */
export const violationsProblem = (errors: Violation[], sentence?: string): Problem =>
  new Problem(400, sentence ?? errors[0]?.detail ?? '', errors)

/** Returns the violations that a schema has found. */
export const violationsOf = (details: ValidationErrorItem[]): Violation[] =>
  details.map(({ path, message }) => ({ pointer: pointerTo(path), detail: message }))

/** Returns the JSON pointer (RFC 6901) of a path; the empty path is the whole document. */
export function pointerTo(path: readonly (string | number)[]): string {
  return path.map((name) => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
