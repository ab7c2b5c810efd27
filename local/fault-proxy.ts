import { once } from 'node:events'
import {
  Agent,
  createServer,
  request as ask,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

/** An answer that the proxy gives itself. */
export interface Refusal {
  status: number
  headers?: Record<string, string>
  body?: string
}

/**
 * What happens to a request: the proxy answers it itself, delays it, lets it hang, cuts the connection before or after
 * forwarding it, forwards it and answers 503, or forwards it twice; undefined lets it pass.
 */
export type Fault =
  | Refusal
  | { delayMs: number }
  | 'hang'
  | 'cut before'
  | 'cut after'
  | '503 after'
  | 'twice'
  | undefined

/** Decides which fault, if any, a request of an SDK meets. */
export type Plan = (request: { method: string; url: string; headers: IncomingHttpHeaders }) => Fault

export type FaultProxy = Awaited<ReturnType<typeof startFaultProxy>>

const ENDPOINT = /((?:Account|Queue)Endpoint=http:\/\/127\.0\.0\.1:)(\d+)/

/** Whether a proxy can be put in front of what a connection string names: an emulator on this machine, by http. */
export const canProxy = (connection: string): boolean => ENDPOINT.test(connection)

/**
 * Starts a proxy in front of the emulator that a connection string of Cosmos DB or of queues names. The returned
 * `connection` leads through it, unless `canProxy` is false. The proxy does what `plan` says for each request, and keeps
 * the Host header, from which the Cosmos emulator makes the address that the SDK follows. `count` is how many requests came.
 */
export async function startFaultProxy(connection: string) {
  const target = Number(ENDPOINT.exec(connection)?.[2])
  const agent = new Agent({ keepAlive: true })
  const proxy: { plan: Plan; count: number } = { plan: () => undefined, count: 0 }
  const server = createServer((incoming, answer) => {
    proxy.count++
    const { method = '', url = '', headers } = incoming
    const fault = proxy.plan({ method, url, headers })
    handle({ agent, port: target, incoming, answer }, fault).catch(() => answer.destroy())
  })
  server.keepAliveTimeout = 3_600_000 // the default, 5 s, closes sockets just as a client uses them
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    const bound = server.address()
    return typeof bound === 'object' && bound !== null ? bound.port : port
  }
  const port = await listen(0)
  const close = async () => {
    server.close().closeAllConnections()
    await once(server, 'close')
  }
  return Object.assign(proxy, {
    connection: connection.replace(ENDPOINT, `$1${port}`),
    /** Refuses connections until `open`. */
    close,
    /** Listens again, on the same port. */
    open: async () => void (await listen(port)),
    async stop(): Promise<void> {
      agent.destroy()
      if (server.listening) await close()
    },
  })
}

interface ProxiedRequest {
  agent: Agent
  port: number
  incoming: IncomingMessage
  answer: ServerResponse
}

async function handle(passage: ProxiedRequest, fault: Fault): Promise<void> {
  const { incoming, answer } = passage
  if (fault === 'hang') return
  if (fault === 'cut before') return void incoming.socket.destroy()
  const body = await buffer(incoming)
  if (typeof fault === 'object' && 'status' in fault) return refuse(answer, fault)
  if (typeof fault === 'object') await sleep(fault.delayMs)
  if (fault === 'twice') await buffer(await forward(passage, body))
  const reply = await forward(passage, body)
  if (fault === 'cut after' || fault === '503 after') {
    await buffer(reply)
    return fault === 'cut after' ? void incoming.socket.destroy() : refuse(answer, { status: 503 })
  }
  answer.writeHead(reply.statusCode ?? 502, reply.headers)
  reply.pipe(answer)
}

async function forward(
  { agent, port, incoming }: ProxiedRequest,
  body: Buffer,
): Promise<IncomingMessage> {
  const { method, url, headers } = incoming
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  ask({ agent, host: '127.0.0.1', port, method, path: url, headers }, resolve)
    .on('error', reject)
    .end(body)
  return promise
}

function refuse(answer: ServerResponse, { status, headers, body }: Refusal): void {
  answer
    .writeHead(status, { 'content-type': 'application/json', ...headers })
    .end(body ?? '{"code":"Made","message":"up"}')
}
