import { lookup } from 'node:dns/promises'
import { isIP, type BlockList } from 'node:net'
import { faultOfAddress, faultOfPlainAddress } from './address.ts'
import { within } from './within.ts'

const LOOKUP_MS = 5000 // whoever registers an endpoint waits for it

/** All addresses of a name. Rejects, or gives none, if it has none. */
export type Lookup = (name: string) => Promise<string[]>

/**
 * The system's look-up, one at a time for a name: it works on four threads, and a name server that does not answer must
 * not take them all.
 */
export function createLookup(): Lookup {
  const underWay = new Map<string, Promise<string[]>>()
  const ask = async (name: string) =>
    (await lookup(name, { all: true })).map(({ address }) => address)
  return (name) => {
    const asked = underWay.get(name) ?? ask(name).finally(() => underWay.delete(name))
    underWay.set(name, asked)
    return asked
  }
}

/**
 * What is wrong with a URL as a webhook endpoint, as the end of a sentence ("it must …"), or undefined. All addresses
 * of its host are looked at, within 5 s; a name may lead elsewhere later, so the webhook client looks again when it connects.
 */
export async function faultOfEndpoint(
  url: string,
  { allowed, lookup: ask = createLookup() }: { allowed: BlockList; lookup?: Lookup },
): Promise<string | undefined> {
  const fault = faultOfForm(url)
  if (fault !== undefined) return fault
  const { protocol, hostname } = new URL(url)
  const addresses = await addressesOf(hostname, ask)
  if (addresses.length === 0) return 'must have a host that can be resolved'
  const faultOf = protocol === 'https:' ? faultOfAddress : faultOfPlainAddress
  const found = addresses.map((address) => faultOf(address, allowed)).find((each) => each)
  return found && `must not have a host whose address is ${found}`
}

function faultOfForm(url: string): string | undefined {
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
    return await within(LOOKUP_MS, () => ask(hostname))
  } catch {
    return [] // whatever the reason, nothing can be sent there now
  }
}
