import { randomBytes } from 'node:crypto'

const form = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/

/**
 * The next step of a trace, in the form of W3C Trace Context's `traceparent`: the trace of `parent` with a span of its
 * own, or a new sampled trace where `parent` is missing or malformed.
 */
export function nextTraceparent(parent: string | null | undefined): string {
  const [, trace = randomBytes(16).toString('hex'), flags = '01'] = form.exec(parent ?? '') ?? []
  return `00-${trace}-${randomBytes(8).toString('hex')}-${flags}`
}
