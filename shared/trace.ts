import { randomBytes } from 'node:crypto'

const form = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/

/**
 * The next step of a trace, in the form of W3C Trace Context's `traceparent`: the trace of `parent` with a span of its
 * own, or a new sampled trace where `parent` is missing or malformed.
 */
export function nextTraceparent(parent: string | null | undefined): string {
  const random = randomBytes(24).toString('hex')
  const [, trace = random.slice(16), flags = '01'] = form.exec(parent ?? '') ?? []
  return `00-${trace}-${random.slice(0, 16)}-${flags}`
}
