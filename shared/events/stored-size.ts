import { hasRawNumber } from '../http/lossless-json.ts'
import { Problem } from '../http/problem.ts'
import { MAX_EVENT_BYTES } from '../setting-bounds.ts'

const MAX_GROWTH = 2 // of data that is kept as text, where every quote is escaped

/** Returns the bytes of an event as JSON: about 2 ms for 1 MB. */
export const bytesOf = (event: object): number => Buffer.byteLength(JSON.stringify(event))

/** Throws a 413 when an event is too large as it is stored. `bodyBytes` is the size of its body in UTF-8. */
export function requireStorable(event: { data?: unknown }, bodyBytes: number): void {
  if (bodyBytes * MAX_GROWTH <= MAX_EVENT_BYTES) return
  const { data } = event
  const stored = hasRawNumber(data) ? { ...event, data: JSON.stringify(data) } : event
  const bytes = bytesOf(stored)
  if (bytes <= MAX_EVENT_BYTES) return
  throw new Problem(
    413,
    `The event has ${bytes} bytes as it is stored; the limit is ${MAX_EVENT_BYTES}.`,
  )
}
