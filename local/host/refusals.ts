// What Kestrel, the host's HTTP server, answers before the host sees the request: always without a body.
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'

const REQUEST_LINE_BYTES = 8192
const HEADER_LINES = 100
const outsideAscii = /[^\0-\x7f]/

/** Returns the status that the host's server refuses a request with, otherwise undefined. */
export function refusalOf({ method = '', url = '', rawHeaders }: IncomingMessage) {
  if (`${method} ${url} HTTP/1.1\r\n`.length > REQUEST_LINE_BYTES) return 414
  if (rawHeaders.length / 2 > HEADER_LINES) return 431
  if (/^[^?]*%00/.test(url)) return 400
  return rawHeaders.map(refusalOfText).find((status) => status !== undefined)
}

/** Header values are UTF-8; what is beyond U+00FF there, the library cannot put into its `Headers`. */
function refusalOfText(latin1: string) {
  if (!outsideAscii.test(latin1)) return undefined
  const bytes = Buffer.from(latin1, 'latin1')
  if (!isUtf8(bytes)) return 400
  return /[^\0-\xff]/.test(bytes.toString()) ? 500 : undefined
}
