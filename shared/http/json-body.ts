import { TextDecoder } from 'node:util'
import type { HttpRequest } from '@azure/functions'
import { type JsonBody, parseJson } from './json.ts'
import { Problem } from './problem.ts'

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

/**
 * Returns the JSON body as text and value. Throws a 415 without a Content-Type or for an unsupported charset or coding,
 * a 411 without a Content-Length (the host drops such a body), a 413 above `maxBytes`, and a 400 for invalid JSON.
 */
export async function readJsonBody(request: HttpRequest, maxBytes: number): Promise<JsonBody> {
  const decoder = decoderFor(request.headers)
  const length = request.headers.get('content-length')
  if (length === null) throw new Problem(411, 'The request must have a Content-Length.')
  if (Number(length) > maxBytes)
    throw new Problem(
      413,
      `The body has ${length} bytes; the limit is ${maxBytes} (EVENT_MAX_BYTES).`,
    )
  const text = decode(decoder, await request.arrayBuffer())
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

function decode(decoder: TextDecoder, bytes: ArrayBuffer): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new Problem(400, `The body is not valid ${decoder.encoding}.`)
  }
}
