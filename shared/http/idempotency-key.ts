import { Problem } from './problem.ts'

/** The request's Idempotency-Key, if it has one: 1 to 255 visible ASCII characters, 400 otherwise. */
export function idempotencyKeyOf(headers: Headers): string | undefined {
  const key = headers.get('idempotency-key')
  if (key === null) return undefined
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key
  throw new Problem(400, 'The Idempotency-Key must be 1 to 255 visible ASCII characters.')
}
