import { isIP, type BlockList } from 'node:net'
import { blockListOf, parseNetworks } from '../http/networks.ts'

// Metadata services of clouds, which serve credentials: no setting allows them.
const cloudMetadata = blockListOf(
  '169.254.0.0/16', // link-local: instance metadata of Azure, AWS and GCP, and the identity endpoint of Azure
  '168.63.129.16/32', // Azure's wire server, although the address is public
  '100.100.100.200/32', // Alibaba
  '192.0.0.192/32', // Oracle
  'fd00:ec2::254/128', // AWS
  'fd20:ce::254/128', // GCP
  'fe80::a9fe:a9fe/128', // OpenStack
)
// IANA's special-purpose registry (RFC 6890) and multicast.
const reserved = parseNetworks(
  '0.0.0.0/8,10.0.0.0/8,100.64.0.0/10,127.0.0.0/8,172.16.0.0/12,192.0.0.0/24,192.0.2.0/24,192.88.99.0/24,' +
    '192.168.0.0/16,198.18.0.0/15,198.51.100.0/24,203.0.113.0/24,224.0.0.0/4,240.0.0.0/4,' +
    '2001::/23,' + // Teredo (2001::/32), benchmarking, ORCHID
    '2001:db8::/32,3fff::/20,' + // documentation
    '2002::/16', // 6to4
)
// Global unicast, the only IPv6 range assigned to the internet. Outside are ::, ::1, fc00::/7, fe80::/10, fec0::/10,
// ff00::/8, 100::/64, NAT64 (64:ff9b::/96, 64:ff9b:1::/48), ::a.b.c.d, and unassigned ranges.
const unicast = blockListOf('2000::/3')

/**
 * Returns why the app must not connect to an IP address, as the end of a sentence ("it is …"), or undefined. `allowed`
 * permits private and reserved addresses, never metadata services. IPv4 addresses embedded in IPv6 ones are checked too.
 */
export function faultOfAddress(address: string, allowed: BlockList): string | undefined {
  const plain = canonicalAddress(address)
  if (isIP(plain) === 0) return 'not an IP address'
  const embedded = embeddedAddresses(plain)
  if ([plain, ...embedded].some((each) => contains(cloudMetadata, each)))
    return "an address of the cloud's own services, which is never allowed"
  return (embedded.length === 0 && isPublic(plain)) || contains(allowed, plain)
    ? undefined
    : 'a private or reserved address, which must be in WEBHOOK_ALLOWED_NETWORKS to be allowed'
}

/** The same without TLS: only addresses in `allowed` pass. */
export function faultOfHttpAddress(address: string, allowed: BlockList): string | undefined {
  return (
    faultOfAddress(address, allowed) ??
    (contains(allowed, canonicalAddress(address))
      ? undefined
      : 'not in WEBHOOK_ALLOWED_NETWORKS, and only there http is allowed')
  )
}

const contains = (list: BlockList, address: string): boolean =>
  list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6')

const isPublic = (address: string): boolean =>
  !contains(reserved, address) && (isIP(address) === 4 || contains(unicast, address))

/** Returns the address without its zone, and an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2) as IPv4. */
function canonicalAddress(address: string): string {
  const bare = address.replace(/%.*$/, '')
  if (isIP(bare) !== 6) return bare
  const bytes = bytesOf(bare)
  return /^0{20}ffff/.test(bytes.toString('hex')) ? [...bytes.subarray(12)].join('.') : bare
}

/** Returns the IPv4 addresses that translation or a tunnel may take from an IPv6 address, at each possible position. */
function embeddedAddresses(address: string): string[] {
  if (isIP(address) === 4) return []
  const bytes = bytesOf(address)
  const at = (...places: number[]) => places.map((place) => bytes[place]).join('.')
  const hex = bytes.toString('hex')
  if (hex.startsWith('2002')) return [at(2, 3, 4, 5)] // 6to4, RFC 3056
  if (hex.startsWith('20010000'))
    return [at(4, 5, 6, 7), [...bytes.subarray(12)].map((byte) => byte ^ 255).join('.')] // Teredo, RFC 4380 §4
  if (hex.startsWith('0064ff9b'))
    return [at(12, 13, 14, 15), at(6, 7, 9, 10), at(7, 9, 10, 11), at(9, 10, 11, 12)] // NAT64, RFC 6052 §2.2
  if (/^.{16}0[02]005efe/.test(hex)) return [at(12, 13, 14, 15)] // ISATAP, RFC 5214 §6.1
  return /^0{16}(0000|ffff)0000/.test(hex) ? [at(12, 13, 14, 15)] : [] // ::a.b.c.d, ::ffff:0:a.b.c.d (RFC 7915)
}

/** Returns the 16 bytes of an IPv6 address. URL parsing normalises it: no dots, at most one `::`. */
function bytesOf(address: string): Buffer {
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text = '') => text.split(':').filter((group) => group !== '')
  const [left, right] = [groups(head), groups(tail)]
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0')
  const padded = [...left, ...zeros, ...right].map((group) => group.padStart(4, '0'))
  return Buffer.from(padded.join(''), 'hex')
}
