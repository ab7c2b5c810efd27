import { isIP, type BlockList, type LookupFunction } from 'node:net'
import type { Agent, Dispatcher } from 'undici'
import { faultOfAddress, faultOfHttpAddress } from './address.ts'
import type { Lookup } from './endpoint.ts'
import type { Answer } from './webhook-outcome.ts'
import { AddressError, failureOf } from './webhook-failure.ts'
import { withTimeout } from '../azure/timeout.ts'

const BODY_BYTES = 4096
const HEADER_BYTES = 16_384
// Per origin: the shares of five subscribers behind one gateway (concurrency-limit.ts). One that waits here counts as slow
// after 2 s, and is sent to from its backlog.
const CONNECTIONS = 128

/**
 * Creates the client that POSTs to webhooks. `timeoutMs` covers a whole request: queueing, DNS, connecting, headers and
 * body. The socket connects to the addresses that were checked, so a name cannot change in between. The client follows no
 * redirects and decompresses no bodies.
 */
export function createWebhookClient({ timeoutMs, allowed, lookup }: Options) {
  let opening: ReturnType<typeof open> | undefined
  const openOnce = () => (opening ??= open({ timeoutMs, allowed, lookup }))

  async function send(url: string, body: string, headers: Record<string, string>) {
    const { request, agent } = await openOnce()
    return withTimeout(timeoutMs, async (signal) =>
      readAnswer(await request(url, { method: 'POST', body, headers, dispatcher: agent, signal })),
    )
  }
  return {
    /** POSTs once. Never rejects: the answer contains the failure. */
    async post(url: string, body: string, headers: Record<string, string>): Promise<Answer> {
      const start = performance.now()
      const ms = () => Math.round(performance.now() - start)
      try {
        return { kind: 'answered', ...(await send(url, body, headers)), ms: ms() }
      } catch (error) {
        return { kind: 'failed', ...failureOf(error), ms: ms() }
      }
    },
    /** Closes every connection; pending requests fail. */
    async close(): Promise<void> {
      await (await opening)?.agent.destroy()
    },
  }
}

interface Options {
  timeoutMs: number
  allowed: BlockList
  lookup: Lookup
}

/**
 * Loads undici at the first request: 50 to 100 ms that no publisher waits for. Uses undici's own `request`, since fetch of
 * Node.js rejects an agent of another version.
 */
async function open({ timeoutMs, allowed, lookup }: Options) {
  const { Agent: Pool, buildConnector, request } = await import('undici')
  const connector = (faultOf: FaultOf) => {
    const connect = buildConnector({
      lookup: checkedLookup(lookup, faultOf),
      timeout: timeoutMs,
      allowH2: false,
    })
    return { faultOf, connect }
  }
  const secure = connector((address) => faultOfAddress(address, allowed))
  const plain = connector((address) => faultOfHttpAddress(address, allowed))
  const agent: Agent = new Pool({
    connections: CONNECTIONS,
    pipelining: 1,
    allowH2: false,
    maxHeaderSize: HEADER_BYTES,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect(options, callback) {
      const { faultOf, connect } = options.protocol === 'https:' ? secure : plain
      const literal = options.hostname.replace(/^\[|\]$/g, '')
      const fault = isIP(literal) === 0 ? undefined : faultOf(literal) // sockets call lookup for names only
      if (fault === undefined) connect(options, callback)
      else callback(new AddressError(fault), null)
    },
  })
  return { agent, request }
}

type FaultOf = (address: string) => string | undefined

/** Returns a socket lookup that yields all addresses of a name, or an error when one of them is not allowed. */
function checkedLookup(lookup: Lookup, faultOf: FaultOf): LookupFunction {
  const find = async (name: string) => {
    const addresses = await lookup(name)
    const fault = addresses.map(faultOf).find((each) => each !== undefined)
    if (fault !== undefined) throw new AddressError(fault)
    if (addresses.length === 0) throw Object.assign(new Error('no address'), { code: 'ENOTFOUND' })
    return addresses.map((address) => ({ address, family: isIP(address) }))
  }
  return (name, { all = false }, callback) => {
    find(name).then(
      (found) =>
        all ? callback(null, found) : callback(null, found[0]?.address ?? '', found[0]?.family),
      (error: Error) => callback(error, []),
    )
  }
}

/** Reads at most 4 KB of the body; leaving the loop destroys the connection. */
async function readAnswer({ statusCode, headers, body }: Dispatcher.ResponseData) {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= BODY_BYTES) break
  }
  const retryAfter = first(headers['retry-after'])
  const webhookDelivery = first(headers['webhook-delivery'])
  return {
    status: statusCode,
    headers: {
      ...(retryAfter !== undefined && { retryAfter }),
      ...(webhookDelivery !== undefined && { webhookDelivery }),
    },
    body: Buffer.concat(chunks).subarray(0, BODY_BYTES).toString(), // a first chunk may be 64 KB
  }
}

const first = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value)
