import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import path from 'node:path'
import { startReceiver } from '../../local/receiver.ts'
import { startApp, tokensOf } from '../support/app.ts'
import { createSubscriptionsClient, callerClaims, mintToken } from '../support/subscriber.ts'
import { createTestStores } from '../support/stores.ts'
import { scaleTimeout } from '../support/time-limits.ts'
import { startAttackerNameServer } from './name-server.ts'

export type WebhookFixture = Awaited<ReturnType<typeof startWebhookFixture>>

/**
 * Starts the whole app with a name server of the attacks. It may connect to `outside`, which stands for the internet,
 * and must never connect to `inside`, at the same port of another address.
 */
export async function startWebhookFixture() {
  const [stores, names, outside] = await Promise.all([
    createTestStores(),
    startAttackerNameServer(),
    startReceiver({ host: '127.0.0.2' }),
  ])
  const inside = await startReceiver({ host: '127.0.0.3', port: outside.port })
  const settings = {
    NODE_OPTIONS: `--import ${path.join(import.meta.dirname, 'dns-override.ts')}`,
    PROOF_DNS: names.address,
    WEBHOOK_ALLOWED_NETWORKS: '127.0.0.2/32',
    DELIVERY_TIMEOUT_SECONDS: String(Math.min(60, Math.ceil(scaleTimeout(1.25)))), // enough for every receiver that answers
    DELIVERY_RETRY_SECONDS: '600',
  }
  const app = await startApp(stores, { settings })
  const owner = await mintToken(callerClaims.ttd)
  const rawServers: Awaited<ReturnType<typeof startRawServer>>[] = []
  return {
    stores,
    app,
    names,
    outside,
    inside,
    client: createSubscriptionsClient(app, owner),
    /** Every token in the requests to the app. */
    tokens: [owner, ...(await tokensOf('ttd', 'apps-test'))],
    /** Starts a server outside. It answers the validation, and `serve` handles all later connections. */
    async rawServer(serve: (socket: Socket) => void): Promise<string> {
      const server = await startRawServer(serve)
      rawServers.push(server)
      return server.url
    },
    async stop(): Promise<void> {
      await app.stop()
      for (const server of rawServers) server.stop()
      await Promise.all([outside.stop(), inside.stop(), names.stop()])
    },
  }
}

const OK_RESPONSE = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'

async function startRawServer(serve: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    let request = ''
    socket.on('data', function read(chunk: Buffer) {
      request += chunk.toString('latin1')
      const isValidation = request.includes('platform.events.validatesubscription')
      if (!isValidation && !request.includes('"subject":')) return // incomplete: only a validation has no subject
      socket.off('data', read)
      if (isValidation) socket.end(OK_RESPONSE)
      else serve(socket.resume())
    })
  }).listen(0, '127.0.0.2')
  await once(server, 'listening')
  const bound = server.address()
  return {
    url: `http://127.0.0.2:${typeof bound === 'object' ? bound?.port : ''}/`,
    stop(): void {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
