import { once } from 'node:events'
import {
  Agent,
  createServer,
  request as ask,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'

/** What happens to a request: an answer of the proxy's own, a hang, a cut before or after it was done; undefined lets it pass. */
export type Fault =
  | { status: number; headers?: Record<string, string> }
  | 'hang'
  | 'cut before'
  | 'cut after'
  | undefined

/** Whether a request of an SDK meets a fault. */
export type Plan = (request: { method: string; url: string }) => Fault

/**
 * A proxy before an emulator, which does to requests what `plan` says. It keeps the Host header, from which the Cosmos
 * emulator makes the address that the SDK follows. `count` is how many requests came.
 */
export async function startFaultProxy(target: number) {
  const agent = new Agent({ keepAlive: true })
  const proxy: { plan: Plan; count: number } = { plan: () => undefined, count: 0 }
  const server = createServer((incoming, answer) => {
    const { method = '', url = '' } = incoming
    proxy.count++
    const fault = proxy.plan({ method, url })
    if (fault === undefined || fault === 'cut after') pass(agent, target, incoming, answer, fault)
    else if (fault === 'cut before') incoming.socket.destroy()
    else if (fault !== 'hang') refuse(incoming, answer, fault)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  return Object.assign(proxy, {
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    async stop(): Promise<void> {
      agent.destroy()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  })
}

function pass(
  agent: Agent,
  port: number,
  incoming: IncomingMessage,
  answer: ServerResponse,
  fault: 'cut after' | undefined,
): void {
  const { method, url, headers } = incoming
  const onward = ask({ agent, host: '127.0.0.1', port, method, path: url, headers }, (reply) => {
    if (fault === 'cut after') {
      reply.resume().on('end', () => incoming.socket.destroy())
      return
    }
    answer.writeHead(reply.statusCode ?? 502, reply.headers)
    reply.pipe(answer)
  })
  onward.on('error', () => answer.destroy())
  incoming.pipe(onward)
}

function refuse(
  incoming: IncomingMessage,
  answer: ServerResponse,
  { status, headers }: Exclude<Fault, string | undefined>,
) {
  incoming.resume()
  answer
    .writeHead(status, { 'content-type': 'application/json', ...headers })
    .end('{"code":"Made","message":"up"}')
}
