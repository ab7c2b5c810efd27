import assert from 'node:assert/strict'
import { BlockList } from 'node:net'
import { after, suite, test } from 'node:test'
import { parseNetworks } from '../../shared/http/networks.ts'
import { faultOfAddress, faultOfHttpAddress } from '../../shared/webhooks/address.ts'
import { faultOfEndpoint } from '../../shared/webhooks/endpoint.ts'
import { createLookup } from '../../shared/webhooks/lookup.ts'
import {
  addressAttacks,
  endpointAttacks,
  metadata,
  noEndpoints,
  spellings,
  startEndpointFixture,
} from '../attacks/addresses.ts'

const words = (text: string) => text.trim().split(/\s+/)
const none = new BlockList()
const everything = parseNetworks('0.0.0.0/0,::/0')
const isNever = /cloud's own services/
const isPrivate = /private or reserved.*WEBHOOK_ALLOWED_NETWORKS/

const open = words(`
  8.8.8.8 1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255
  128.0.0.0 169.253.255.255 169.255.0.0 168.63.129.15 172.15.255.255 172.32.0.0 192.0.1.0
  198.17.255.255 198.20.0.0 223.255.255.255 2606:4700::1111 2a00:1450::1 2001:200::1
  2003::1 3ffe::1 ::ffff:8.8.8.8 ::ffff:808:808
`)

for (const { name, expected, run } of addressAttacks)
  test(`${name}: open to ${expected}`, async () => {
    assert.equal(await run(), expected)
  })

const fixture = await startEndpointFixture()
suite('endpoints of new subscriptions', () => {
  after(fixture.stop)
  for (const { name, expected, run } of endpointAttacks(fixture))
    test(`the endpoint ${name}: ${expected}`, async () => {
      assert.equal(await run(), expected)
    })
})

test('allows public addresses, including the neighbours of blocked ranges', () => {
  for (const address of open) assert.equal(faultOfAddress(address, none), undefined, address)
})

test('an allowed network allows its own addresses, mapped ones too, and no others', () => {
  const allowed = parseNetworks(' 127.0.0.2/32, 10.1.0.0/16 ,fd12::/16')
  for (const address of ['127.0.0.2', '::ffff:127.0.0.2', '10.1.255.255', 'fd12::7'])
    assert.equal(faultOfAddress(address, allowed), undefined, address)
  for (const address of ['127.0.0.1', '127.0.0.3', '10.2.0.0', '::ffff:10.2.0.0', 'fd13::7', '::1'])
    assert.match(faultOfAddress(address, allowed) ?? 'no fault', isPrivate, address)
})

test('http requires an allowed network even for public addresses', () => {
  const allowed = parseNetworks('8.8.0.0/16')
  assert.equal(faultOfHttpAddress('8.8.8.8', allowed), undefined)
  assert.equal(faultOfHttpAddress('::ffff:8.8.8.8', allowed), undefined)
  assert.match(faultOfHttpAddress('1.1.1.1', allowed) ?? '', /WEBHOOK_ALLOWED_NETWORKS/)
  assert.match(faultOfHttpAddress('10.0.0.1', allowed) ?? '', isPrivate)
  assert.match(faultOfHttpAddress('169.254.169.254', everything) ?? '', isNever)
})

test('rejects what is no IP address', () => {
  for (const text of ['', 'localhost', '127.1', '0x7f000001', '1.2.3.4.5', ':::', '[::1'])
    assert.equal(faultOfAddress(text, everything), 'not an IP address', text)
})

test('parses a list of networks, and names an invalid entry', () => {
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

test('an endpoint must be an absolute https URL and nothing more', async () => {
  for (const [fault, ...urls] of noEndpoints)
    for (const url of urls)
      assert.match((await refused(url, none, '8.8.8.8')) ?? 'no fault', fault, url)
  for (const url of ['https://example.no', 'HTTPS://EXAMPLE.NO:8443/a?b=@c', 'https://blåbær.no/'])
    assert.equal(await refused(url, none, '8.8.8.8', '2606:4700::1111'), undefined, url)
})

for (const [name, hosts] of Object.entries(spellings))
  test(`rejects an endpoint whatever the spelling of its address: ${name}`, async () => {
    for (const host of hosts)
      for (const scheme of ['http', 'https']) {
        const url = `${scheme}://${host}:8443/hook`
        assert.match((await refused(url)) ?? 'no fault', isPrivate, url)
        assert.equal(await refused(url, everything), undefined, url)
      }
  })

test('rejects metadata addresses in any spelling, whatever is allowed', async () => {
  for (const host of metadata)
    assert.match((await refused(`https://${host}/`, everything)) ?? 'no fault', isNever, host)
})

test('rejects a name when any of its addresses is at fault, or when it has none', async () => {
  const url = 'https://example.no/hook'
  assert.match((await refused(url, none, '8.8.8.8', '10.0.0.1', '1.1.1.1')) ?? '', isPrivate)
  assert.match((await refused(url, none, '8.8.8.8', '::ffff:127.0.0.1')) ?? '', isPrivate)
  assert.match((await refused(url, everything, '8.8.8.8', '168.63.129.16')) ?? '', isNever)
  assert.match((await refused(url)) ?? '', /can be resolved/)
  assert.doesNotMatch((await refused(url, none, '10.0.0.1')) ?? '', /10\.0/) // what the inside is called is not told
  const lookup = () => Promise.reject(new Error('ENOTFOUND'))
  assert.match((await faultOfEndpoint(url, { allowed: none, lookup })) ?? '', /can be resolved/)
})

test('allows http only if all addresses of the host are in allowed networks', async () => {
  const url = 'http://example.no/hook'
  const allowed = parseNetworks('10.0.0.0/8')
  assert.equal(await refused(url, allowed, '10.0.0.1', '10.0.0.2'), undefined)
  for (const addresses of [['8.8.8.8'], ['10.0.0.1', '8.8.8.8'], ['10.0.0.1', '192.168.0.1']])
    assert.match((await refused(url, allowed, ...addresses)) ?? '', /WEBHOOK_ALLOWED_NETWORKS/)
})

test('resolves names by the system', async () => {
  const fault = await faultOfEndpoint('https://localhost/', {
    allowed: none,
    lookup: createLookup(),
  })
  assert.match(fault ?? '', isPrivate)
})
