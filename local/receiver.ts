import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import type { CloudEvent } from '../shared/events/cloud-event.ts'

/** A request that a receiver got. `event` is the body if that is JSON; `verified` is undefined until the secret is known. */
export interface Delivery {
  path: string
  headers: Record<string, string>
  body: string
  event: Partial<CloudEvent> | undefined
  at: Date
  verified: boolean | undefined
  remotePort: number | undefined
}

/** How a receiver answers: 200 and no body by default. */
export interface Behaviour {
  status?: number
  headers?: Record<string, string>
  body?: string | Buffer
  /** How long it waits before it answers. */
  delayMs?: number
  /** What it does in place of an answer: hangs, resets the connection, sends a byte each 50 ms, or sends bytes without end. */
  does?: 'hang' | 'reset' | 'drip' | 'endless'
  /** Whether it answers validation events like this too; otherwise they get 200. */
  validationToo?: boolean
}

/**
 * Starts a webhook receiver for laptops and tests. It keeps every delivery, verifies signatures by Standard Webhooks once
 * it knows the secret, and answers as `behave` says. Throws if the port is taken.
 */
export async function startReceiver({
  port = 0,
  host = '127.0.0.1',
  secret,
  tls,
  onDelivery = () => {},
}: Options = {}) {
  const deliveries: Delivery[] = []
  const behaviours = new Map<string, Behaviour | ((delivery: Delivery) => Behaviour)>()
  const waiting = new Set<() => void>()
  let known = secret
  let connections = 0

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const delivery = deliveryOf(request, await text(request), known)
    deliveries.push(delivery)
    onDelivery(delivery)
    for (const check of waiting) check()
    const chosen = behaviours.get(delivery.path) ?? behaviours.get('') ?? {}
    const behaviour = typeof chosen === 'function' ? chosen(delivery) : chosen
    const validates = delivery.event?.type === 'platform.events.validatesubscription'
    await answer(response, validates && behaviour.validationToo !== true ? {} : behaviour)
  }
  const listener = (request: IncomingMessage, response: ServerResponse) =>
    void handle(request, response).catch(() => response.destroy()) // the caller left before it had sent its body
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener)
  server.on('connection', () => connections++)
  server.listen(port, host)
  await once(server, 'listening')
  const bound = server.address()
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port

  return {
    url: `http${tls === undefined ? '' : 's'}://${host.includes(':') ? `[${host}]` : host}:${boundPort}`,
    port: boundPort,
    deliveries,
    /** How many connections have been opened. */
    get connections() {
      return connections
    },
    /** Sets how it answers on `path`, or on every path that has no behaviour of its own. A function decides per delivery. */
    behave(behaviour: Behaviour | ((delivery: Delivery) => Behaviour), path = ''): void {
      behaviours.set(path, behaviour)
    },
    /** Sets the secret that signatures are verified with. */
    setSecret(value: string): void {
      known = value
    },
    /** Returns the first delivery, past or future, for which `predicate` holds. Throws after `seconds`. */
    waitFor(predicate: (delivery: Delivery) => boolean, seconds = 10): Promise<Delivery> {
      const { promise, resolve, reject } = Promise.withResolvers<Delivery>()
      const end = setTimeout(() => {
        waiting.delete(check)
        reject(new Error(`no such delivery within ${seconds} s, but ${deliveries.length} others`))
      }, seconds * 1000)
      const check = () => {
        const found = deliveries.find(predicate)
        if (found === undefined) return
        clearTimeout(end)
        waiting.delete(check)
        resolve(found)
      }
      waiting.add(check)
      check()
      return promise
    },
    async stop(): Promise<void> {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

interface Options {
  port?: number
  host?: string
  secret?: string | undefined
  tls?: { key: string; cert: string }
  onDelivery?: (delivery: Delivery) => void
}

function deliveryOf(request: IncomingMessage, body: string, secret?: string): Delivery {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  )
  return {
    path: request.url ?? '/',
    headers,
    body,
    event: eventOf(body),
    at: new Date(),
    verified: secret === undefined ? undefined : verifies(secret, body, headers),
    remotePort: request.socket.remotePort,
  }
}

function eventOf(body: string): Delivery['event'] {
  try {
    return Object(JSON.parse(body))
  } catch {
    return undefined
  }
}

function verifies(secret: string, body: string, headers: Record<string, string>): boolean {
  try {
    new Webhook(secret).verify(body, headers, { jsonParse: false })
    return true
  } catch {
    return false
  }
}

async function answer(response: ServerResponse, behaviour: Behaviour): Promise<void> {
  const { status = 200, headers, body, delayMs = 0, does } = behaviour
  if (delayMs > 0) await sleep(delayMs)
  if (does === 'hang') return
  if (does === 'reset') return void response.socket?.resetAndDestroy()
  response.writeHead(status, headers)
  if (does === undefined) response.end(body)
  else await trickle(response, does === 'drip' ? 1 : 65_536, does === 'drip' ? 50 : 0)
}

async function trickle(response: ServerResponse, bytes: number, everyMs: number): Promise<void> {
  while (!response.destroyed) {
    response.write(Buffer.alloc(bytes, '.'))
    await sleep(everyMs)
    if (response.writableNeedDrain)
      await Promise.race([once(response, 'drain'), once(response, 'close')])
  }
}
