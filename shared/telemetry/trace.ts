import { randomUUID } from 'node:crypto'

const form = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/

/** The parts of a W3C Trace Context `traceparent`; undefined where it is missing or malformed. */
export function parseTraceparent(text: string | null | undefined) {
  const [, traceId, spanId, flags] = form.exec(text ?? '') ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) }
}

/** A `traceparent` of these parts. */
export const formatTraceparent = (traceId: string, spanId: string, traceFlags: number): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`

/** The next step of the trace of `parent`, with a span of its own; a new, sampled trace where there is no valid parent. */
export function nextTraceparent(parent: string | null | undefined): string {
  const { traceId = randomHex(), traceFlags = 1 } = parseTraceparent(parent) ?? {}
  return formatTraceparent(traceId, randomHex().slice(16), traceFlags)
}

const randomHex = (): string => randomUUID().replaceAll('-', '') // from Node.js's pool, and never all zeros
