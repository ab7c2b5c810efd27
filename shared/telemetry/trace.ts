import { randomUUID } from 'node:crypto'

const form = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/

const SAMPLED = 1

/** Parses a W3C Trace Context `traceparent`. Returns undefined when it is missing or malformed. */
export function parseTraceparent(text: string | null | undefined) {
  const [, traceId, spanId, flags] = form.exec(text ?? '') ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) }
}

export const formatTraceparent = (traceId: string, spanId: string, traceFlags: number): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`

/** Returns the same traceparent as one of a sampled trace, or undefined when it is missing or malformed. */
export function sampledTraceparent(text: string | null | undefined): string | undefined {
  const found = parseTraceparent(text)
  return found && formatTraceparent(found.traceId, found.spanId, found.traceFlags | SAMPLED)
}

/** Returns a traceparent with a new span id, in the trace of `parent` or, without a valid one, in a new sampled trace. */
export function nextTraceparent(parent: string | null | undefined): string {
  const { traceId = randomHex(), traceFlags = SAMPLED } = parseTraceparent(parent) ?? {}
  return formatTraceparent(traceId, randomHex().slice(16), traceFlags)
}

const randomHex = (): string => randomUUID().replaceAll('-', '') // pooled by Node.js, and never all zeros
