import { lookup } from 'node:dns/promises'
import { isIP, type BlockList } from 'node:net'
import { faultOfAddress, faultOfHttpAddress } from './address.ts'
import { withTimeout } from '../azure/timeout.ts'

const LOOKUP_MS = 5000 // whoever registers an endpoint waits for it
const MAX_CONCURRENT = 2 // of the four threads that look names up: two are left for the stores and the key servers
// What one owner has in its hands, "example.no" of "a.b.example.no"; under these suffixes each has a name of its own.
const registeredDomain =
  /[^.]+\.(?:(?:ac|co|com|dep|fylkeskommune|gov|herad|kommune|net|org|stat)\.)?[^.]+(?=\.?$)/

/** All addresses of a name. Rejects, or gives none, if it has none. */
export type Lookup = (name: string) => Promise<string[]>

/**
 * Look-ups for the whole process, of which there must be one alone: two under way at once, and one for the names of a
 * zone, as a name server that does not answer keeps a thread for up to 30 s, whoever has given up. Whatever has no answer
 * within 5 s, its wait for a place included, has no addresses.
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
 * What is wrong with a URL as a webhook endpoint, as the end of a sentence ("it must …"), or undefined. All addresses
 * of its host are looked at; a name may lead elsewhere later, so the webhook client looks again when it connects.
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
    return 'must not have white space, control characters or backslashes' // parsing drops or turns them
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
    return [] // whatever the reason, nothing can be sent there now
  }
}
