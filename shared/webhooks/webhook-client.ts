import { request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'
import type { BlockList } from 'node:net'
import { createDeadlines } from './deadline.ts'
import { exchange, type Exchange } from './exchange.ts'
import type { Lookup } from './lookup.ts'
import { createOriginLimit } from './origin-limit.ts'
import { createWebhookAgents } from './webhook-agents.ts'
import { failureOf } from './webhook-failure.ts'
import type { Answer } from './webhook-outcome.ts'

const HEADER_BYTES = 16_384
// Per origin: the shares of five subscribers behind one gateway (concurrency-limit.ts). One that waits here counts as slow
// after 2 s, and is sent to from its backlog.
const CONNECTIONS = 128

/**
 * Creates the client that POSTs to webhooks. `timeoutMs` covers all until the head of the answer: queueing, DNS,
 * connecting, sending and waiting. The client follows no redirects, decompresses no bodies, and sends nothing twice: a
 * kept connection that is closed as a request is sent is a failure, since the request may have arrived.
 */
export function createWebhookClient({ timeoutMs, allowed, lookup }: Options) {
  const deadlines = createDeadlines(timeoutMs)
  const { plain, secure } = createWebhookAgents({ timeoutMs, allowed, lookup })
  const limit = createOriginLimit(CONNECTIONS)

  function open(url: URL, { body, headers }: Post) {
    const options = {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port,
      path: url.pathname + url.search,
      method: 'POST',
      headers: Object.entries({
        host: url.host,
        connection: 'keep-alive',
        ...headers,
        'content-length': String(Buffer.byteLength(body)),
      }).flat(), // as a list they cost 20 µs less
      maxHeaderSize: HEADER_BYTES,
      insecureHTTPParser: false, // on a connection that others use too, a lenient reader may take one answer for two
    }
    return url.protocol === 'https:'
      ? secureRequest({ ...options, agent: secure })
      : plainRequest({ ...options, agent: plain })
  }
  async function send(post: Post): Promise<Exchange> {
    const url = new URL(post.url)
    const deadline = deadlines.start()
    try {
      await limit.enter(url.origin, deadline)
      try {
        return await exchange(open(url, post), post.body, deadline)
      } finally {
        limit.leave(url.origin)
      }
    } finally {
      deadlines.stop(deadline)
    }
  }
  return {
    /** POSTs once. Never rejects: the answer contains the failure. */
    async post(
      url: string,
      body: string | Buffer,
      headers: Record<string, string>,
    ): Promise<Answer> {
      const start = performance.now()
      const ms = () => Math.round(performance.now() - start)
      try {
        return { kind: 'answered', ...(await send({ url, body, headers })), ms: ms() }
      } catch (error) {
        return { kind: 'failed', ...failureOf(error), ms: ms() }
      }
    },
  }
}

interface Options {
  timeoutMs: number
  allowed: BlockList
  lookup: Lookup
}
interface Post {
  url: string
  body: string | Buffer
  headers: Record<string, string>
}
