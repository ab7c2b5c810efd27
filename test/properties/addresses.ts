import assert from 'node:assert/strict'
import { BlockList } from 'node:net'
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { parseNetworks } from '../../shared/http/networks.ts'
import { faultOfAddress } from '../../shared/webhooks/address.ts'
import { faultOfEndpoint } from '../../shared/webhooks/endpoint.ts'
import { createLookup } from '../../shared/webhooks/lookup.ts'
import { property } from './property.ts'
import { damaged, oddText, webAddress } from './values.ts'

const none = new BlockList()
const everything = parseNetworks('0.0.0.0/0,::/0')

/** Near the edges of networks that matter, or anywhere. */
const ipv4 = fc.oneof(
  fc.integer({ min: 0, max: 0xffffffff }),
  fc
    .tuple(
      fc.constantFrom(
        '0.0.0.0',
        '10.0.0.0',
        '100.64.0.0',
        '127.0.0.0',
        '169.254.0.0',
        '169.254.169.254',
        '168.63.129.16',
        '172.16.0.0',
        '172.32.0.0',
        '192.0.0.0',
        '192.168.0.0',
        '198.18.0.0',
        '224.0.0.0',
        '100.100.100.200',
      ),
      fc.integer({ min: -2, max: 2 }),
    )
    .map(
      ([base, step]) =>
        (ipaddr.IPv4.parse(base)
          .toByteArray()
          .reduce((sum, byte) => sum * 256 + byte, 0) +
          step +
          2 ** 32) %
        2 ** 32,
    ),
)
const bytesOf = (address: number) => [24, 16, 8, 0].map((shift) => (address / 2 ** shift) & 255)
const plain = (address: number) => bytesOf(address).join('.')
const hex = (address: number) => bytesOf(address).map((byte) => byte.toString(16).padStart(2, '0'))

/** How an IPv4 address may be written as the host of a URL. */
const spellings: ((address: number) => string)[] = [
  plain,
  String,
  (address) => `0x${address.toString(16)}`,
  (address) => `0${address.toString(8)}`,
  (address) =>
    bytesOf(address)
      .map((byte) => `0${byte.toString(8)}`)
      .join('.'),
  (address) => {
    const [a, b, c = 0, d = 0] = bytesOf(address)
    return `${a}.${b}.${c * 256 + d}`
  },
  (address) => {
    const [a, b = 0, c = 0, d = 0] = bytesOf(address)
    return `${a}.${(b * 256 + c) * 256 + d}`
  },
  (address) => `${plain(address)}.`,
  (address) => plain(address).replaceAll('.', '。'),
  (address) => plain(address).replaceAll('1', '%31'),
  (address) => `[::ffff:${plain(address)}]`,
  (address) => {
    const [a, b, c, d] = hex(address)
    return `[0:0:0:0:0:FFFF:${a}${b}:${c}${d}]`
  },
]

const shortOf = (address: number) =>
  hex(address)
    .join('')
    .replace(/(.{4})/, '$1:')

/** Ways in which an IPv6 address carries an IPv4 one. */
const carriers = [
  (short: string) => `::${short}`,
  (short: string) => `::ffff:${short}`,
  (short: string) => `::ffff:0:${short}`,
  (short: string) => `64:ff9b::${short}`,
  (short: string) => `64:ff9b:1::${short}`,
  (short: string) => `2002:${short}::1`,
  (short: string) => `2001:0:${short}::1`,
]
const carrying = carriers.map((carry) => (address: number) => carry(shortOf(address)))
const ipv6 = fc.oneof(
  fc.ipV6(),
  fc.tuple(fc.constantFrom(...carrying), ipv4).map(([carry, address]) => carry(address)),
  ipv4.map((address) => `fd00:ec2::${shortOf(address)}`),
)
const everySpelling = [
  ...spellings,
  ...carrying.map((carry) => (address: number) => `[${carry(address)}]`),
]

/** Anycast services that anyone may reach; ipaddr.js sets them apart, we do not. */
const services = new Set(['as112', 'amt', 'as112v6'])

export const addressProperties = [
  property(
    'an address has one verdict, whatever its spelling',
    60,
    fc.tuple(ipv4, fc.constantFrom(...spellings)),
    async ([address, spell]) => {
      const verdict = async (allowed: BlockList) =>
        faultOfEndpoint(`https://${spell(address)}/hook`, {
          allowed,
          lookup: () => Promise.reject(new Error('an address is not looked up')),
        })
      for (const allowed of [none, everything]) {
        const direct = faultOfAddress(plain(address), allowed)
        assert.equal(
          await verdict(allowed),
          direct && `must not have a host whose address is ${direct}`,
        )
      }
    },
  ),
  property(
    'an allowed address is public by another library too',
    60,
    fc.oneof(ipv4.map(plain), ipv6),
    (address) => {
      if (faultOfAddress(address, none) !== undefined) return
      const range = ipaddr.process(address).range()
      assert.ok(range === 'unicast' || services.has(range), range)
    },
  ),
  property(
    'no setting allows a cloud’s own metadata addresses',
    30,
    fc
      .oneof(
        fc.nat({ max: 65_535 }).map((low) => 0xa9fe0000 + low),
        fc.constant(0xa83f8110),
      )
      .chain((address) => fc.constantFrom(...everySpelling.map((spell) => spell(address)))),
    async (host) => {
      const fault = await faultOfEndpoint(`https://${host}/`, {
        allowed: everything,
        lookup: createLookup(),
      })
      assert.match(fault ?? 'no fault', /never allowed/)
    },
  ),
  property(
    'any text is a valid endpoint or has a fault',
    40,
    fc.oneof(
      oddText,
      damaged(webAddress),
      fc.tuple(oddText, oddText).map(([host, path]) => `https://${host}/${path}`),
    ),
    async (text) => {
      const fault = await faultOfEndpoint(text, { allowed: none, lookup: async () => ['8.8.8.8'] })
      if (fault === undefined) assert.equal(new URL(text).protocol, 'https:')
    },
  ),
]
