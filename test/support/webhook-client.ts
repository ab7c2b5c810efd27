import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { after, type TestContext } from 'node:test'
import { startReceiver } from '../../local/receiver.ts'
import { parseNetworks } from '../../shared/http/networks.ts'
import type { Lookup } from '../../shared/webhooks/lookup.ts'
import { createWebhookClient } from '../../shared/webhooks/webhook-client.ts'
import type { Answer } from '../../shared/webhooks/webhook-outcome.ts'

// No request may leave a rejection that nothing handles.
const unhandled: unknown[] = []
process.on('unhandledRejection', (reason) => unhandled.push(reason))
after(() => assert.deepEqual(unhandled, []))

export const LIMIT = 400 // ms

/** What a server may send: an interim answer, and one with a body. */
export const INTERIM = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'
export const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

export const loopback = parseNetworks('127.0.0.0/8,::1/128')

export const toHere: Lookup = async () => ['127.0.0.1']

export function client({ allowed = loopback, lookup = toHere, timeoutMs = LIMIT } = {}) {
  const made = createWebhookClient({ timeoutMs, allowed, lookup })
  return {
    post: (url: string, body = '{}') => made.post(url, body, { 'content-type': 'text/plain' }),
  }
}

export async function receiver(t: TestContext, options: Parameters<typeof startReceiver>[0] = {}) {
  const started = await startReceiver(options)
  t.after(() => started.stop())
  return started
}

/** A server that treats the connection as it likes; gives its address. */
export async function rawServer(t: TestContext, serve: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {}).resume()
    t.after(() => socket.destroy()) // or the client would keep it
    serve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const bound = server.address()
  return `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`
}

/** Asserts that a request failed for this reason, and that what is said of it names nothing internal. */
export function assertFailed(answer: Answer, reason: string, detail?: RegExp): void {
  assert.equal(answer.kind === 'failed' ? answer.reason : JSON.stringify(answer), reason)
  if (answer.kind !== 'failed') return
  assert.doesNotMatch(answer.detail, /\d+\.\d+\.\d+\.\d+|localhost|node_modules/)
  if (detail !== undefined) assert.match(answer.detail, detail)
}

export function assertAnswered(answer: Answer, status: number, body?: string): void {
  assert.equal(answer.kind === 'answered' ? answer.status : JSON.stringify(answer), status)
  if (answer.kind === 'answered' && body !== undefined) assert.equal(answer.body, body)
}
