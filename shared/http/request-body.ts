import type { HttpRequest } from '@azure/functions'
import { SMALL_BYTES } from '../byte-limit.ts'
import { Problem } from './problem.ts'

const TIMEOUT_MS = 30_000 // EVENT_MAX_BYTES at 35 KB a second

/** The largest body that a route takes; `setting` names the setting that it comes from, if any. */
export interface BodyLimit {
  maxBytes: number
  setting?: string
  /** Waits until so many bytes may be held; called before more than the first few are. */
  hold?: (bytes: number) => Promise<void>
}
export type RequestBody = Pick<HttpRequest, 'headers' | 'body'>

type Reader = ReadableStreamDefaultReader<Uint8Array>

/** The limit of bodies that are written by hand: subscriptions, replays. */
export const SMALL_BODY: BodyLimit = { maxBytes: 32_768 }

/**
 * Returns the body. Throws a 413 as soon as it is known to be above the limit, a 408 when it has not come within 30 s, and
 * a 400 when it breaks off, or what `hold` throws.
 */
export async function readBody(
  { headers, body }: RequestBody,
  limit: BodyLimit,
): Promise<Uint8Array> {
  const length = headers.get('content-length')
  if (Number(length) > limit.maxBytes) throw tooLarge(`The body has ${length} bytes`, limit)
  if (body === null) return new Uint8Array()
  const reader: Reader = body.getReader()
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(tooSlow()), TIMEOUT_MS)
  try {
    return await Promise.race([readAll(reader, limit, Number(length)), late.promise])
  } catch (error) {
    reader.releaseLock() // what comes now is not kept
    void discard(body.getReader())
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Reads the rest without keeping it. The host passes an answer on once it has sent the whole body
 * (https://github.com/dotnet/yarp, HttpForwarder.cs), of 8 MiB at most: left unread, it would wait for minutes. Cancelling
 * the stream would not end the connection either: Node.js takes the socket from the request first, and leaves it half read.
 */
async function discard(reader: Reader): Promise<void> {
  try {
    while (!(await reader.read()).done);
  } catch {
    // it has broken off
  }
}

async function readAll(reader: Reader, limit: BodyLimit, announced: number): Promise<Uint8Array> {
  let isHeld = false
  const chunks: Uint8Array[] = []
  for (let size = 0; ;) {
    const { value } = await reader.read().catch(brokenOff)
    if (value === undefined) return Buffer.concat(chunks)
    size += value.byteLength
    if (size > limit.maxBytes) throw tooLarge('The body is longer than it may be', limit)
    chunks.push(value)
    if (isHeld || size <= SMALL_BYTES) continue
    isHeld = true
    await limit.hold?.(announced || limit.maxBytes)
  }
}

function brokenOff(): never {
  throw new Problem(400, 'The body broke off before its end.')
}

const tooSlow = () =>
  new Problem(408, `The body did not arrive within ${TIMEOUT_MS / 1000} seconds.`)

const tooLarge = (what: string, { maxBytes, setting }: BodyLimit) =>
  new Problem(
    413,
    `${what}; the limit is ${maxBytes}${setting === undefined ? '' : ` (${setting})`}.`,
  )
