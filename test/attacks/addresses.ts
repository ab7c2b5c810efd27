import { BlockList } from 'node:net'
import { parseNetworks } from '../../shared/http/networks.ts'
import { faultOfAddress } from '../../shared/webhooks/address.ts'
import { startApp } from '../support/app.ts'
import { createTestStores } from '../support/stores.ts'
import { createSubscriptionsClient, callerClaims, mintToken } from '../support/subscriber.ts'
import { attack, type Attack, statusOf } from './attack.ts'

const words = (text: string) => text.trim().split(/\s+/)
const noNetworks = new BlockList()
const allNetworks = parseNetworks('0.0.0.0/0,::/0')

/** The addresses of cloud services for virtual machines, in every notation. No setting allows them. */
const alwaysBlocked = {
  'link-local, where metadata is': ['169.254.0.0', '169.254.169.254', '169.254.255.255'],
  "Azure's wire server": ['168.63.129.16'],
  'metadata elsewhere': ['100.100.100.200', '192.0.0.192', 'fd00:ec2::254', 'fd20:ce::254'],
  'link-local IPv6 metadata': ['fe80::a9fe:a9fe', 'fe80::a9fe:a9fe%eth0'],
  'IPv4-mapped': ['::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '0:0:0:0:0:FFFF:A83F:8110'],
  'IPv4-compatible and translated': ['::169.254.169.254', '::a83f:8110', '::ffff:0:169.254.1.1'],
  NAT64: ['64:ff9b::169.254.169.254', '64:ff9b::a83f:8110', '64:ff9b:1::169.254.169.254'],
  'NAT64 with other prefix lengths': ['64:ff9b:1:a9fe:a9:fe00::', '64:ff9b:1:12a9:fe:a9fe::'],
  'NAT64 with the address after a /64': ['64:ff9b:1:1234:a9:fea9:fe00:0'],
  '6to4': ['2002:a9fe:a9fe::1', '2002:a83f:8110:1234::'],
  ISATAP: ['2a00:1:2:3:0:5efe:a9fe:a9fe', '2a00:1:2:3:200:5efe:a83f:8110'],
  'Teredo, its server and its client': ['2001:0:a9fe:1::', '2001:0:808:808:0:0:5601:5601'],
}

/** Private and reserved addresses, which only WEBHOOK_ALLOWED_NETWORKS allows. */
const blockedByDefault = {
  'this network': ['0.0.0.0', '0.255.255.255'],
  'private networks': ['10.0.0.0', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
  'carrier-grade NAT': ['100.64.0.0', '100.127.255.255'],
  loopback: ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1'],
  'protocols and 6to4 relays': ['192.0.0.1', '192.88.99.1'],
  'documentation and benchmarks': ['192.0.2.1', '198.18.0.1', '198.19.255.255', '198.51.100.7'],
  'more documentation': ['203.0.113.9', '2001:db8::1', '3fff::1'],
  'multicast and reserved': ['224.0.0.1', '239.255.255.250', '240.0.0.1', '255.255.255.255'],
  'IPv4-mapped': ['::ffff:127.0.0.1', '::ffff:7f00:1', '::FFFF:10.1.2.3', '::ffff:c0a8:101%1'],
  'IPv4-compatible': ['::127.0.0.1', '::8.8.8.8', '::ffff:0:8.8.8.8'],
  'unspecified and discard': ['::', '100::1'],
  'private IPv6': ['fc00::1', 'fdff:ffff::1', 'fe80::1', 'fe80::1%eth0', 'febf::1', 'fec0::1'],
  'multicast IPv6': ['ff02::1', 'ff0e::1'],
  Teredo: ['2001::1', '2001:0:808:808::'],
  NAT64: ['64:ff9b::8.8.8.8', '64:ff9b::a00:1', '64:ff9b:1::1'],
  '6to4': ['2002::1', '2002:a00:1::1', '2002:808:808::1'],
  ISATAP: ['2a00:1:2:3:200:5efe:a00:1', '2a00:1:2:3:0:5efe:808:808'],
  unallocated: ['4000::1', '1fff::1', '5f00::1'],
}

/** Hosts of URLs that are notations of private addresses. */
export const spellings = {
  '127.0.0.1': [
    '127.0.0.1',
    '127.1',
    '127.0.1',
    '2130706433',
    '0x7f000001',
    '0x7F.1',
    '0177.0.0.1',
  ],
  'the same in other characters': ['１２７.0.0.1', '127。0。0。1', '%31%32%37.0.0.1', '127.0.0.1.'],
  'the same in IPv6': ['[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:ffff:7f00:1]'],
  '10.0.0.1': ['10.0.0.1', '10.1', '167772161', '0xa000001', '012.0.0.1', '[::ffff:a00:1]'],
  'any address': ['0', '0.0.0.0', '0x0', '[::]'],
  'tunnels and the like': ['[64:ff9b::7f00:1]', '[2002:7f00:1::]', '[2001::1]', '[::127.0.0.1]'],
}

/** Hosts of URLs that are notations of metadata addresses. */
export const metadata = words(`
  169.254.169.254 2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.43518
  [::ffff:a9fe:a9fe] [fd00:ec2::254] [64:ff9b::a9fe:a9fe] 168.63.129.16 2822734096
`)

/** Invalid endpoints, after a pattern of the `detail` of the response. */
export const noEndpoints: [RegExp, ...string[]][] = [
  [
    /absolute https URL/,
    '',
    '/hook',
    'example.no/hook',
    '//example.no',
    'https:example.no',
    'https://',
    'https://[fe80::1%25eth0]/',
    'https://[::1%25lo]/',
  ],
  [/absolute https URL/, 'ftp://example.no', 'file:///etc/passwd', 'javascript:1', 'https:///x.no'],
  [/absolute https URL/, 'https://exa<mple.no', 'https://1.2.3.4.5', 'https://x.no:65536'],
  [/2048/, `https://example.no/${'a'.repeat(2030)}`],
  [/user information/, 'https://a@example.no', 'https://a:b@example.no', 'https://@example.no'],
  [/fragment/, 'https://example.no/#a', 'https://example.no/hook#'],
  [
    /white space/,
    ' https://example.no',
    'https://exam\nple.no',
    'https://example.no/\t',
    'https:\\\\x.no',
  ],
]

/** Returns who can allow an address: nobody, the setting WEBHOOK_ALLOWED_NETWORKS, or anybody. */
const whoCanAllow = (address: string): string => {
  if (faultOfAddress(address, allNetworks) !== undefined) return 'nobody'
  return faultOfAddress(address, noNetworks) === undefined ? 'anybody' : 'the setting'
}

/** Attacks by the address of a webhook's host. */
export const addressAttacks: Attack[] = [
  ...Object.entries(alwaysBlocked).flatMap(([what, addresses]) =>
    addresses.map((address) =>
      attack('address', `${address}, ${what}`, 'nobody', async () => whoCanAllow(address)),
    ),
  ),
  ...Object.entries(blockedByDefault).flatMap(([what, addresses]) =>
    addresses.map((address) =>
      attack('address', `${address}, ${what}`, 'the setting', async () => whoCanAllow(address)),
    ),
  ),
]

export type EndpointFixture = Awaited<ReturnType<typeof startEndpointFixture>>

/** Starts an app without WEBHOOK_ALLOWED_NETWORKS. */
export async function startEndpointFixture() {
  const stores = await createTestStores()
  const app = await startApp(stores, {
    functions: ['create-subscription'],
    settings: { WEBHOOK_ALLOWED_NETWORKS: '' },
  })
  const client = createSubscriptionsClient(app, await mintToken(callerClaims.ttd))
  return { stores, app, client, stop: app.stop }
}

/** Attacks by the endpoint of a new subscription. */
export function endpointAttacks({ stores, client }: EndpointFixture): Attack[] {
  const hosts = [
    ...Object.values(spellings).flat(),
    ...metadata,
    'localhost',
    'LOCALHOST.',
    'nothing.invalid',
  ]
  const urls = [
    ...hosts.flatMap((host) => [`https://${host}:8443/hook`, `http://${host}/hook`]),
    ...noEndpoints.flatMap(([, ...wrong]) => wrong),
    'http://example.com/hook',
  ]
  const subscribe = (endPoint: string) => {
    const request = { endPoint, resourceFilter: 'urn:altinn:resource:app_ttd_apps-test' }
    return client.call('POST', '', request)
  }
  return [
    ...urls.map((url) =>
      attack('endpoint', JSON.stringify(url).slice(0, 60), 400, () => statusOf(subscribe(url))),
    ),
    attack(
      'endpoint',
      'subscriptions that were created by all of these',
      0,
      async () => (await stores.documents('subscriptions')).length,
    ),
  ]
}
