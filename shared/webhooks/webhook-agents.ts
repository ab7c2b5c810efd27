import { Agent, type ClientRequestArgs } from 'node:http'
import { Agent as SecureAgent, type RequestOptions } from 'node:https'
import type { BlockList, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { faultOfAddress, faultOfHttpAddress } from './address.ts'
import { connectToAny } from './connect.ts'
import { addressesOf, unresolved, type Lookup } from './lookup.ts'
import { WebhookError } from './webhook-failure.ts'
import { withTimeout } from '../azure/timeout.ts'

// Less than what servers keep an idle connection open for (Node.js 5 s, others 60 s and more): one that is closed as a
// request is on its way fails that request. `Keep-Alive: timeout` shortens it.
const IDLE_MS = 4000

/**
 * Creates the agents that connect to webhooks and keep connections for the next request. A connection goes to the
 * addresses that were checked, so a name cannot change in between. Connecting may take `timeoutMs`.
 */
export function createWebhookAgents({ timeoutMs, allowed, lookup }: Options) {
  async function connect(options: ClientRequestArgs, faultOf: FaultOf): Promise<Socket> {
    const addresses = await addressesOf(options.host ?? '', lookup)
    const fault = addresses.map(faultOf).find((each) => each !== undefined)
    if (fault !== undefined) throw new WebhookError('address', `the host's address is ${fault}`)
    if (addresses.length === 0) throw unresolved('ENOTFOUND')
    return withTimeout(timeoutMs, (signal) => connectToAny(addresses, Number(options.port), signal))
  }
  const plain = new Agent({ keepAlive: true, timeout: IDLE_MS })
  const secure = new SecureAgent({ keepAlive: true, timeout: IDLE_MS })
  const startTls = secure.createConnection.bind(secure) // over the socket that it is given
  Object.assign(plain, {
    createConnection(options: ClientRequestArgs, done: Done): void {
      connect(options, (address) => faultOfHttpAddress(address, allowed)).then(
        (socket) => done(null, socket),
        (error: Error) => done(error),
      )
    },
  })
  Object.assign(secure, {
    createConnection(options: RequestOptions, done: Done): void {
      connect(options, (address) => faultOfAddress(address, allowed)).then(
        (socket) => {
          const overSocket = { ...options, socket }
          done(null, startTls(overSocket))
        },
        (error: Error) => done(error),
      )
    },
  })
  return { plain, secure }
}

interface Options {
  timeoutMs: number
  allowed: BlockList
  lookup: Lookup
}
type FaultOf = (address: string) => string | undefined
type Done = (error: Error | null, socket?: Duplex | null) => void
