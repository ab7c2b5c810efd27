import type { BlockList } from 'node:net'
import { faultOfAddress, faultOfHttpAddress } from './address.ts'
import { addressesOf, type Lookup } from './lookup.ts'

/**
 * Returns what is wrong with a URL as a webhook endpoint, as the end of a sentence ("it must …"), or undefined. Checks all
 * addresses of its host; the webhook client checks again when it connects, since a name can change (DNS rebinding).
 */
export async function faultOfEndpoint(
  url: string,
  { allowed, lookup }: { allowed: BlockList; lookup: Lookup },
): Promise<string | undefined> {
  const fault = faultOfUrl(url)
  if (fault !== undefined) return fault
  const { protocol, hostname } = new URL(url)
  const addresses = await addressesOf(hostname.replace(/^\[|\]$/g, ''), lookup).catch(() => []) // it cannot be resolved now
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
