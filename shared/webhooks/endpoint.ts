import { lookup } from 'node:dns/promises'
import { isIP, type BlockList } from 'node:net'
import { faultOfAddress, faultOfHttpAddress } from './address.ts'
import { withTimeout } from '../azure/timeout.ts'

const LOOKUP_MS = 5000 // a request that registers an endpoint waits for it
const MAX_CONCURRENT = 2 // of the four libuv threads: two remain for the stores and the key servers
// The part of a name that one owner controls: "example.no" of "a.b.example.no". Below these suffixes owners differ.
const registeredDomain =
  /[^.]+\.(?:(?:ac|co|com|dep|fylkeskommune|gov|herad|kommune|net|org|stat)\.)?[^.]+(?=\.?$)/

/** Returns all addresses of a name. Rejects or returns none when it has none. */
export type Lookup = (name: string) => Promise<string[]>

/**
 * Creates the DNS lookup of a process, which must have only one: two lookups at once, and one per registered domain, since
 * a name server that does not respond blocks a thread for up to 30 s. Returns no addresses after 5 s, queueing included.
 */
export function createLookup(ask: Lookup = lookUpInSystem): Lookup {
  const pending = new Map<string, { name: string; found: Promise<string[]> }>() // by zone
  let ended = Promise.withResolvers<void>()

  function startLookup(name: string, zone: string): Promise<string[]> {
    const found = ask(name).finally(() => {
      pending.delete(zone)
      ended.resolve()
      ended = Promise.withResolvers()
    })
    pending.set(zone, { name, found })
    return found
  }
  async function lookUpWithinLimits(name: string, signal: AbortSignal): Promise<string[]> {
    const [zone] = registeredDomain.exec(name) ?? [name]
    for (; !signal.aborted; await ended.promise) {
      const before = pending.get(zone)
      if (before?.name === name) return before.found
      if (before === undefined && pending.size < MAX_CONCURRENT) return startLookup(name, zone)
    }
    return []
  }
  return (name) =>
    withTimeout(LOOKUP_MS, (signal) => lookUpWithinLimits(name, signal)).catch(emptyOnTimeout)
}

function emptyOnTimeout(error: unknown): string[] {
  if (error instanceof DOMException) return []
  throw error
}

const lookUpInSystem: Lookup = async (name) =>
  (await lookup(name, { all: true })).map(({ address }) => address)

/**
 * Returns what is wrong with a URL as a webhook endpoint, as the end of a sentence ("it must …"), or undefined. Checks all
 * addresses of its host; the webhook client checks again when it connects, since a name can change (DNS rebinding).
 */
export async function faultOfEndpoint(
  url: string,
  { allowed, lookup: ask }: { allowed: BlockList; lookup: Lookup },
): Promise<string | undefined> {
  const fault = faultOfUrl(url)
  if (fault !== undefined) return fault
  const { protocol, hostname } = new URL(url)
  const addresses = await addressesOf(hostname, ask)
  if (addresses.length === 0) return 'must have a host that can be resolved'
  const faultOf = protocol === 'https:' ? faultOfAddress : faultOfHttpAddress
  const found = addresses.map((address) => faultOf(address, allowed)).find((each) => each)
  return found && `must not have a host whose address is ${found}`
}

function faultOfUrl(url: string): string | undefined {
  if (url.length > 2048) return 'must have at most 2048 characters'
  if (/[\s\p{Cc}\\]/u.test(url))
    return 'must not have white space, control characters or backslashes' // URL parsing drops or converts them
  if (!/^https?:\/\/[^/?#]/i.test(url) || !URL.canParse(url)) return 'must be an absolute https URL'
  if (/^\w+:\/\/[^/?#]*@/.test(url)) return 'must not have user information'
  return url.includes('#') ? 'must not have a fragment' : undefined
}

async function addressesOf(hostname: string, ask: Lookup): Promise<string[]> {
  const literal = hostname.replace(/^\[|\]$/g, '')
  if (isIP(literal) !== 0) return [literal]
  try {
    return await ask(hostname)
  } catch {
    return [] // the name cannot be resolved now
  }
}
