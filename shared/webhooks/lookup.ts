import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { createBoundedMap } from '../bounded-map.ts'
import { WebhookError } from './webhook-failure.ts'

const LIMIT_MS = 5000 // a request that registers an endpoint waits for it
const SECOND_FAMILY_MS = 1000 // some name servers never answer a question for IPv6
const FIRST_TRY_MS = 1000 // c-ares asks each server again after this, then after twice as long
const TRIES = 3
const MAX_TTL_MS = 300_000
const MAX_NAMES = 10_000
const LOOPBACK = ['127.0.0.1', '::1'] // RFC 6761 §6.3

/** Returns all addresses of a name. Rejects or returns none when it has none. */
export type Lookup = (name: string) => Promise<string[]>

interface Options {
  servers?: readonly string[]
  now?: () => number
}
interface Found {
  addresses: string[]
  ttlSeconds: number
}

/**
 * Creates the look-up of names of a process. What is found is kept for its time to live, up to 5 minutes; failures are
 * not kept. Those who ask for the same name at the same time share one question. Rejects after 5 s of silence. `servers` are
 * the system's unless they are given; `now` is in ms.
 */
export function createLookup({ servers, now = () => performance.now() }: Options = {}): Lookup {
  const kept = createBoundedMap<{ addresses: string[]; until: number }>(MAX_NAMES)
  const pending = new Map<string, Promise<string[]>>()

  async function lookUp(name: string): Promise<string[]> {
    try {
      const { addresses, ttlSeconds } = await askNameServers(name, servers)
      const keptMs = Math.min(ttlSeconds * 1000, MAX_TTL_MS)
      if (keptMs > 0) kept.set(name, { addresses, until: now() + keptMs })
      return addresses
    } finally {
      pending.delete(name)
    }
  }
  return async (name) => {
    if (/^(?:.+\.)?localhost\.?$/i.test(name)) return LOOPBACK
    const known = kept.get(name)
    if (known !== undefined && now() < known.until) return known.addresses
    const found = pending.get(name) ?? lookUp(name)
    pending.set(name, found)
    return found
  }
}

/** Returns the addresses that a host of a URL, without brackets, has: itself, or those of the name. */
export const addressesOf = async (host: string, lookup: Lookup): Promise<string[]> =>
  isIP(host) === 0 ? lookup(host) : [host]

/**
 * Asks the system's name servers by c-ares. It takes no thread, where getaddrinfo holds one of libuv's four for up to 30 s
 * of silence. A resolver of its own can be cancelled, and has a port of its own, which is harder to forge answers to.
 */
async function askNameServers(name: string, servers?: readonly string[]): Promise<Found> {
  const resolver = new Resolver({ timeout: FIRST_TRY_MS, tries: TRIES })
  if (servers !== undefined) resolver.setServers(servers)
  let end = setTimeout(() => resolver.cancel(), LIMIT_MS)
  const hasten = () => {
    clearTimeout(end)
    end = setTimeout(() => resolver.cancel(), SECOND_FAMILY_MS)
  }
  const families = [
    resolver.resolve4(name, { ttl: true }),
    resolver.resolve6(name, { ttl: true }),
  ].map(async (found) => {
    const records = await found
    hasten()
    return records
  })
  const answers = await Promise.allSettled(families)
  clearTimeout(end)
  return foundIn(answers)
}

type Records = { address: string; ttl: number }[]

function foundIn(answers: PromiseSettledResult<Records>[]): Found {
  const records = answers.flatMap((each) => (each.status === 'fulfilled' ? each.value : []))
  if (records.length === 0) throw unresolved(codeOf(answers))
  return {
    addresses: records.map(({ address }) => address),
    ttlSeconds: Math.min(...records.map(({ ttl }) => ttl)),
  }
}

/** Returns the failure of a name that has no address; `code` is that of node:dns. */
export function unresolved(code: string): WebhookError {
  const detail = code === 'ENOTFOUND' ? '' : `: ${code}`
  return new WebhookError('dns', `the host name cannot be resolved${detail}`)
}

/** Returns why there is no address: that a server failed says more than that the other family has none. */
function codeOf(answers: PromiseSettledResult<Records>[]): string {
  const codes = answers.map((each) => String(Object(each).reason?.code))
  const code = codes.find((each) => each !== 'ENOTFOUND' && each !== 'ENODATA') ?? 'ENOTFOUND'
  return code === 'ECANCELLED' ? 'ETIMEOUT' : code
}
