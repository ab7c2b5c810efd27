import { TextDecoder } from 'node:util'
import type { HttpRequest } from '@azure/functions'
import { type JsonBody, parseJson } from './json.ts'
import { Problem } from './problem.ts'
import { type BodyLimit, readBody, type RequestBody } from './request-body.ts'

const json = /^application\/(?:[\w.!#$&^+-]+\+)?json\s*(?:;|$)/i // with any structured suffix, altinn-contract §4.1
const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i
const decoders = new Map(
  ['utf-8', 'utf-16'].map((label) => [
    label,
    new TextDecoder(label, { fatal: true, ignoreBOM: true }),
  ]),
)

/** Throws a 415 when the Content-Type is present and not JSON. Runs before authentication. */
export function requireJsonContentType({ headers }: HttpRequest): void {
  const type = headers.get('content-type')
  if (type !== null && !json.test(type))
    throw new Problem(415, 'The Content-Type must be application/json.')
}

/** Throws a 415 when the Content-Type is present and not that of a structured CloudEvent. Runs before authentication. */
export function requireCloudEventContentType({ headers }: HttpRequest): void {
  const type = headers.get('content-type')
  if (type !== null && !/^application\/cloudevents\+json\s*(?:;|$)/i.test(type))
    throw new Problem(415, 'The Content-Type must be application/cloudevents+json.')
}

/**
 * Returns the JSON body as text and value. Throws a 415 without a Content-Type or for an unsupported charset or coding,
 * a 413 above the limit, a 408 when the body takes longer than 30 s, and a 400 for one that breaks off or is invalid JSON.
 */
export async function readJsonBody(request: RequestBody, limit: BodyLimit): Promise<JsonBody> {
  const decoder = decoderFor(request.headers)
  const text = decode(decoder, await readBody(request, limit))
  return { text, value: parseJson(text) }
}

function decoderFor(headers: Headers): TextDecoder {
  const type = headers.get('content-type')
  if (type === null)
    throw new Problem(415, 'The request has no Content-Type; it must be application/json.')
  const label = charset.exec(type)?.[1]?.toLowerCase() ?? 'utf-8'
  const decoder = decoders.get(label)
  if (decoder === undefined) throw new Problem(415, 'The charset must be utf-8 or utf-16.')
  const coding = headers.get('content-encoding') ?? 'identity'
  if (coding.toLowerCase() !== 'identity')
    throw new Problem(415, 'The body must not have a Content-Encoding.')
  return decoder
}

function decode(decoder: TextDecoder, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new Problem(400, `The body is not valid ${decoder.encoding}.`)
  }
}
