import assert from 'node:assert/strict'
import { BlockList } from 'node:net'
import { test } from 'node:test'
import { faultOfAddress, faultOfPlainAddress, parseNetworks } from '../shared/address.ts'
import { createLookup, faultOfEndpoint } from '../shared/endpoint.ts'

const words = (text: string) => text.trim().split(/\s+/)
const none = new BlockList()
const everything = parseNetworks('0.0.0.0/0,::/0')
const isNever = /cloud's own services/
const isPrivate = /private or reserved.*WEBHOOK_ALLOWED_NETWORKS/

const never = {
  'link-local, where metadata is': ['169.254.0.0', '169.254.169.254', '169.254.255.255'],
  "Azure's wire server": ['168.63.129.16'],
  'metadata elsewhere': ['100.100.100.200', '192.0.0.192', 'fd00:ec2::254', 'fd20:ce::254'],
  'link-local IPv6 metadata': ['fe80::a9fe:a9fe', 'fe80::a9fe:a9fe%eth0'],
  'IPv4-mapped': ['::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '0:0:0:0:0:FFFF:A83F:8110'],
  'IPv4-compatible and translated': ['::169.254.169.254', '::a83f:8110', '::ffff:0:169.254.1.1'],
  NAT64: ['64:ff9b::169.254.169.254', '64:ff9b::a83f:8110', '64:ff9b:1::169.254.169.254'],
  'NAT64 with longer ways to carry': ['64:ff9b:1:a9fe:a9:fe00::', '64:ff9b:1:12a9:fe:a9fe::'],
  'NAT64 with the address after a /64': ['64:ff9b:1:1234:a9:fea9:fe00:0'],
  '6to4': ['2002:a9fe:a9fe::1', '2002:a83f:8110:1234::'],
  'Teredo, its server and its client': ['2001:0:a9fe:1::', '2001:0:808:808:0:0:5601:5601'],
}
const closed = {
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
  'nothing and discard': ['::', '100::1'],
  'private IPv6': ['fc00::1', 'fdff:ffff::1', 'fe80::1', 'fe80::1%eth0', 'febf::1', 'fec0::1'],
  'multicast IPv6': ['ff02::1', 'ff0e::1'],
  Teredo: ['2001::1', '2001:0:808:808::'],
  NAT64: ['64:ff9b::8.8.8.8', '64:ff9b::a00:1', '64:ff9b:1::1'],
  '6to4': ['2002::1', '2002:a00:1::1', '2002:808:808::1'],
  'not handed out yet': ['4000::1', '1fff::1', '5f00::1'],
}
const open = words(`
  8.8.8.8 1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255
  128.0.0.0 169.253.255.255 169.255.0.0 168.63.129.15 172.15.255.255 172.32.0.0 192.0.1.0
  198.17.255.255 198.20.0.0 223.255.255.255 2606:4700::1111 2a00:1450::1 2001:200::1
  2003::1 3ffe::1 ::ffff:8.8.8.8 ::ffff:808:808
`)

for (const [name, addresses] of Object.entries(never))
  test(`never allowed: ${name}`, () => {
    for (const address of addresses)
      for (const allowed of [none, everything])
        assert.match(faultOfAddress(address, allowed) ?? 'no fault', isNever, address)
  })

for (const [name, addresses] of Object.entries(closed))
  test(`allowed by the setting only: ${name}`, () => {
    for (const address of addresses) {
      assert.match(faultOfAddress(address, none) ?? 'no fault', isPrivate, address)
      assert.equal(faultOfAddress(address, everything), undefined, address)
    }
  })

test('public addresses, next to the closed ones too, are allowed', () => {
  for (const address of open) assert.equal(faultOfAddress(address, none), undefined, address)
})

test('a network that is allowed opens itself, mapped too, and nothing beside it', () => {
  const allowed = parseNetworks(' 127.0.0.2/32, 10.1.0.0/16 ,fd12::/16')
  for (const address of ['127.0.0.2', '::ffff:127.0.0.2', '10.1.255.255', 'fd12::7'])
    assert.equal(faultOfAddress(address, allowed), undefined, address)
  for (const address of ['127.0.0.1', '127.0.0.3', '10.2.0.0', '::ffff:10.2.0.0', 'fd13::7', '::1'])
    assert.match(faultOfAddress(address, allowed) ?? 'no fault', isPrivate, address)
})

test('without TLS, public addresses must be in an allowed network as well', () => {
  const allowed = parseNetworks('8.8.0.0/16')
  assert.equal(faultOfPlainAddress('8.8.8.8', allowed), undefined)
  assert.equal(faultOfPlainAddress('::ffff:8.8.8.8', allowed), undefined)
  assert.match(faultOfPlainAddress('1.1.1.1', allowed) ?? '', /WEBHOOK_ALLOWED_NETWORKS/)
  assert.match(faultOfPlainAddress('10.0.0.1', allowed) ?? '', isPrivate)
  assert.match(faultOfPlainAddress('169.254.169.254', everything) ?? '', isNever)
})

test('what is no IP address is at fault', () => {
  for (const text of ['', 'localhost', '127.1', '0x7f000001', '1.2.3.4.5', ':::', '[::1'])
    assert.equal(faultOfAddress(text, everything), 'not an IP address', text)
})

test('networks are read from a list, and a wrong entry is named', () => {
  assert.equal(parseNetworks('').rules.length, 0)
  assert.equal(parseNetworks('127.0.0.0/8,::1/128').rules.length, 2)
  for (const entry of [
    '10.0.0.0',
    '10.0.0.0/33',
    '::/129',
    'local/8',
    '10.0/8',
    'fe80::%1/10',
    '/8',
  ])
    assert.throws(() => parseNetworks(`::1/128, ${entry}`), {
      message: new RegExp(`^"${entry}" is`),
    })
  assert.throws(() => parseNetworks('10.0.0.0/8,'), /^Error: "" is not a network/)
})

const refused = (url: string, allowed = none, ...addresses: string[]) =>
  faultOfEndpoint(url, { allowed, lookup: async () => addresses })

test('an endpoint must be an absolute https URL and no more than that', async () => {
  const faults: [RegExp, ...string[]][] = [
    [
      /absolute https URL/,
      '',
      '/hook',
      'example.no/hook',
      '//example.no',
      'https:example.no',
      'https://',
    ],
    [
      /absolute https URL/,
      'ftp://example.no',
      'file:///etc/passwd',
      'javascript:1',
      'https:///x.no',
    ],
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
  for (const [fault, ...urls] of faults)
    for (const url of urls)
      assert.match((await refused(url, none, '8.8.8.8')) ?? 'no fault', fault, url)
  for (const url of ['https://example.no', 'HTTPS://EXAMPLE.NO:8443/a?b=@c', 'https://blåbær.no/'])
    assert.equal(await refused(url, none, '8.8.8.8', '2606:4700::1111'), undefined, url)
})

const spellings = {
  '127.0.0.1': [
    '127.0.0.1',
    '127.1',
    '127.0.1',
    '2130706433',
    '0x7f000001',
    '0x7F.1',
    '0177.0.0.1',
  ],
  'the same in other letters': ['１２７.0.0.1', '127。0。0。1', '%31%32%37.0.0.1', '127.0.0.1.'],
  'the same in IPv6': ['[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:ffff:7f00:1]'],
  '10.0.0.1': ['10.0.0.1', '10.1', '167772161', '0xa000001', '012.0.0.1', '[::ffff:a00:1]'],
  'any address': ['0', '0.0.0.0', '0x0', '[::]'],
  'tunnels and the like': ['[64:ff9b::7f00:1]', '[2002:7f00:1::]', '[2001::1]', '[::127.0.0.1]'],
}
for (const [name, hosts] of Object.entries(spellings))
  test(`an endpoint is refused however its address is spelled: ${name}`, async () => {
    for (const host of hosts)
      for (const scheme of ['http', 'https']) {
        const url = `${scheme}://${host}:8443/hook`
        assert.match((await refused(url)) ?? 'no fault', isPrivate, url)
        assert.equal(await refused(url, everything), undefined, url)
      }
  })

test('metadata is refused however it is spelled, whatever is allowed', async () => {
  const hosts = words(`
    169.254.169.254 2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.43518
    [::ffff:a9fe:a9fe] [fd00:ec2::254] [64:ff9b::a9fe:a9fe] 168.63.129.16 2822734096
  `)
  for (const host of hosts)
    assert.match((await refused(`https://${host}/`, everything)) ?? 'no fault', isNever, host)
})

test('a name is refused if any of its addresses is at fault, or if it has none', async () => {
  const url = 'https://example.no/hook'
  assert.match((await refused(url, none, '8.8.8.8', '10.0.0.1', '1.1.1.1')) ?? '', isPrivate)
  assert.match((await refused(url, none, '8.8.8.8', '::ffff:127.0.0.1')) ?? '', isPrivate)
  assert.match((await refused(url, everything, '8.8.8.8', '168.63.129.16')) ?? '', isNever)
  assert.match((await refused(url)) ?? '', /can be resolved/)
  assert.doesNotMatch((await refused(url, none, '10.0.0.1')) ?? '', /10\.0/) // what the inside is called is not told
  const lookup = () => Promise.reject(new Error('ENOTFOUND'))
  assert.match((await faultOfEndpoint(url, { allowed: none, lookup })) ?? '', /can be resolved/)
})

test('http is for hosts all of whose addresses are in allowed networks', async () => {
  const url = 'http://example.no/hook'
  const allowed = parseNetworks('10.0.0.0/8')
  assert.equal(await refused(url, allowed, '10.0.0.1', '10.0.0.2'), undefined)
  for (const addresses of [['8.8.8.8'], ['10.0.0.1', '8.8.8.8'], ['10.0.0.1', '192.168.0.1']])
    assert.match((await refused(url, allowed, ...addresses)) ?? '', /WEBHOOK_ALLOWED_NETWORKS/)
})

test('the system is asked by default, once at a time for a name', async () => {
  assert.match((await faultOfEndpoint('https://localhost/', { allowed: none })) ?? '', isPrivate)
  const lookup = createLookup()
  const first = lookup('localhost')
  assert.equal(lookup('localhost'), first)
  await first
  assert.notEqual(lookup('localhost'), first)
})
