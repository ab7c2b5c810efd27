import type { ClientRequest, IncomingMessage } from 'node:http'
import { decodeBeginning } from '../http/cut-text.ts'
import type { Deadline } from './deadline.ts'
import { WebhookError } from './webhook-failure.ts'

const BODY_BYTES = 4096
const BODY_MS = 1000 // the head is the answer: its body is only for people to read
const MAX_INFORMATIONAL = 100

/** The head of an answer, and what was read of its body. */
export interface Exchange {
  status: number
  headers: { retryAfter?: string; webhookDelivery?: string }
  body: string
}

/**
 * Sends a request and returns its answer. Interim answers (1xx) are skipped, up to 100. Rejects where the deadline ends
 * before there is a head; of the body it takes what comes within 1 s, up to 4 KB, whatever becomes of the rest.
 */
export function exchange(
  request: ClientRequest,
  body: string | Buffer,
  deadline: Deadline,
): Promise<Exchange> {
  const { promise, resolve, reject } = Promise.withResolvers<Exchange>()
  let interim = 0
  let head: IncomingMessage | undefined
  const fail = (error: Error) => {
    if (head === undefined) reject(error)
    else head.destroy() // it counts, whatever becomes of the body
    request.destroy()
  }
  request.on('error', fail)
  request.on('information', () => {
    interim += 1
    if (interim > MAX_INFORMATIONAL)
      fail(new WebhookError('other', `more than ${MAX_INFORMATIONAL} interim answers (1xx)`))
  })
  request.on('upgrade', () =>
    fail(new WebhookError('other', 'the answer switches to another protocol')),
  )
  request.on('response', (response) => {
    head = response
    readBody(response, (text) => {
      if (!request.writableFinished) request.destroy() // who answers early may never read the rest
      resolve({ ...headOf(response), body: text })
    })
  })
  deadline.onEnd = fail
  if (deadline.reason === undefined) request.end(body)
  else fail(deadline.reason)
  return promise
}

function headOf({ statusCode = 0, headers }: IncomingMessage): Omit<Exchange, 'body'> {
  const retryAfter = headers['retry-after']
  const webhookDelivery = first(headers['webhook-delivery'])
  return {
    status: statusCode,
    headers: {
      ...(retryAfter !== undefined && { retryAfter }),
      ...(webhookDelivery !== undefined && { webhookDelivery }),
    },
  }
}

const first = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value)

/** Reads the beginning of a body; its connection is dropped unless all of it has come. */
function readBody(response: IncomingMessage, done: (text: string) => void): void {
  const chunks: Buffer[] = []
  let size = 0
  const drop = () => void response.destroy()
  const patience = setTimeout(drop, BODY_MS)
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    size += chunk.length
    if (size >= BODY_BYTES) drop()
  })
  response.on('error', () => {}) // `close` follows
  response.once('close', () => {
    clearTimeout(patience)
    const bytes = Buffer.concat(chunks).subarray(0, BODY_BYTES) // a first chunk may be 64 KB
    const isWhole = response.complete && size <= BODY_BYTES
    done(isWhole ? bytes.toString() : decodeBeginning(bytes))
  })
}
