import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import fc from 'fast-check'
import { parseNetworks } from '../../shared/http/networks.ts'
import { createLookup } from '../../shared/webhooks/lookup.ts'
import { createWebhookClient } from '../../shared/webhooks/webhook-client.ts'
import { attemptOf, outcomeOf } from '../../shared/webhooks/webhook-outcome.ts'
import { property } from './property.ts'
import { damaged, oddText } from './values.ts'

const TIMEOUT_MS = 50

/** What a receiver writes, piece by piece, and how it then leaves the connection. */
const response = { pieces: [Buffer.of()], end: 'end' }
const server = createServer((socket) => {
  socket
    .on('error', () => {})
    .once('data', () => {
      for (const piece of response.pieces) socket.write(piece)
      if (response.end === 'end') socket.end()
      if (response.end === 'reset') socket.resetAndDestroy()
    })
}).listen(0, '127.0.0.1')
await once(server, 'listening')
server.unref()
const bound = server.address()
const url = `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}/`
const client = createWebhookClient({
  timeoutMs: TIMEOUT_MS,
  allowed: parseNetworks('127.0.0.0/8'),
  lookup: createLookup(),
})

const status = fc.oneof(fc.integer({ min: 100, max: 599 }), fc.integer())
const header = fc.tuple(
  fc.oneof(
    fc.constantFrom(
      'content-length',
      'transfer-encoding',
      'content-encoding',
      'retry-after',
      'webhook-delivery',
      'connection',
      'location',
      'upgrade',
    ),
    oddText,
  ),
  fc.oneof(
    fc.constantFrom(
      '0',
      '5',
      '-1',
      '1e3',
      'chunked',
      'gzip',
      'disable',
      'close',
      'http://169.254.169.254/',
    ),
    oddText,
  ),
)
const answerText = fc
  .record({
    version: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'SIP/2.0'),
    status,
    reason: oddText,
    headers: fc.array(header, { maxLength: 6 }),
    body: fc.oneof(oddText, fc.constantFrom('5\r\nhello\r\n0\r\n\r\n', 'ffffffffff\r\nx', 'hello')),
  })
  .map(({ version, status: code, reason, headers, body }) => {
    const lines = headers.map(([name, value]) => `${name}: ${value}`)
    return [`${version} ${code} ${reason}`, ...lines, '', body].join('\r\n')
  })
const bytes = fc.oneof(answerText, damaged(answerText), oddText).map((text) => Buffer.from(text))
const rawResponse = fc.record({
  pieces: fc.array(bytes, { minLength: 1, maxLength: 2 }),
  end: fc.constantFrom('end', 'end', 'end', 'end', 'reset', 'stay'),
})

export const answerProperties = [
  property(
    'the client reports an outcome whatever bytes a receiver answers',
    10,
    rawResponse,
    async (spoken) => {
      Object.assign(response, spoken)
      const answer = await client.post(url, '{}', {})
      const { at, ms } = attemptOf(answer)
      assert.ok(ms >= 0 && !Number.isNaN(Date.parse(at)))
      assert.ok(['delivered', 'gone', 'failed'].includes(outcomeOf(answer, Date.now()).kind))
      if (answer.kind === 'answered') assert.ok(Buffer.byteLength(answer.body) <= 3 * 4096)
      else assert.doesNotMatch(answer.detail, /127\.0\.0\.1|node_modules/)
    },
  ),
]
