import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import type { CloudEvent } from '../shared/events/cloud-event.ts'

/** What a receiver got. `event` is the body's JSON, if it is any; `verified` is undefined while no secret is known. */
export interface Delivery {
  path: string
  headers: Record<string, string>
  body: string
  event: Partial<CloudEvent> | undefined
  at: Date
  verified: boolean | undefined
  remotePort: number | undefined
}

/** How a receiver answers: 200 and no body unless said otherwise. */
export interface Behaviour {
  status?: number
  headers?: Record<string, string>
  body?: string | Buffer
  /** Wait so long before. */
  delayMs?: number
  /** Instead of an answer, or of its end: nothing at all, a reset, a byte each 50 ms, bytes without end. */
  does?: 'hang' | 'reset' | 'drip' | 'endless'
  /** Answer the event that validates a subscription like this too, in place of 200. */
  validationToo?: boolean
}

/**
 * A webhook receiver for laptops and tests. It keeps what it gets, checks signatures by Standard Webhooks once it knows
 * the secret, and answers as it is told. Rejects if the port is taken.
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
    for (const look of waiting) look()
    const told = behaviours.get(delivery.path) ?? behaviours.get('') ?? {}
    const behaviour = typeof told === 'function' ? told(delivery) : told
    const validates = delivery.event?.type === 'platform.events.validatesubscription'
    await answer(response, validates && behaviour.validationToo !== true ? {} : behaviour)
  }
  const listener = (request: IncomingMessage, response: ServerResponse) =>
    void handle(request, response).catch(() => response.destroy()) // the caller left before its body was here
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
    /** How many connections were ever made. */
    get connections() {
      return connections
    },
    /** From now on answers like this, or as the function says for each delivery: on `path`, or wherever no path has its own. */
    behave(behaviour: Behaviour | ((delivery: Delivery) => Behaviour), path = ''): void {
      behaviours.set(path, behaviour)
    },
    /** From now on checks signatures with this secret. */
    setSecret(value: string): void {
      known = value
    },
    /** The first delivery, past or to come, for which `predicate` holds. Rejects after `seconds`. */
    waitFor(predicate: (delivery: Delivery) => boolean, seconds = 10): Promise<Delivery> {
      const { promise, resolve, reject } = Promise.withResolvers<Delivery>()
      const end = setTimeout(() => {
        waiting.delete(look)
        reject(new Error(`no such delivery within ${seconds} s, but ${deliveries.length} others`))
      }, seconds * 1000)
      const look = () => {
        const found = deliveries.find(predicate)
        if (found === undefined) return
        clearTimeout(end)
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
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
