import assert from 'node:assert/strict'
import { BlockList } from 'node:net'
import { test, type TestContext } from 'node:test'
import { parseNetworks } from '../../shared/http/networks.ts'
import { faultOfEndpoint } from '../../shared/webhooks/endpoint.ts'
import type { Lookup } from '../../shared/webhooks/lookup.ts'
import {
  loopback,
  client,
  receiver,
  assertFailed,
  assertAnswered,
} from '../support/webhook-client.ts'

/** Receivers on the same port of two addresses, of which only the first may be connected to. */
async function twoAddresses(t: TestContext) {
  const open = await receiver(t, { host: '127.0.0.2' })
  const closed = await receiver(t, { host: '127.0.0.3', port: open.port })
  return { open, closed, port: open.port, allowed: parseNetworks('127.0.0.2/32') }
}

test('does not follow a name that changes after the check', async (t) => {
  const { open, closed, port, allowed } = await twoAddresses(t)
  const answers = [['127.0.0.2'], ['127.0.0.3']]
  const asked: string[] = []
  const lookup: Lookup = async (name) => {
    asked.push(name)
    return answers[asked.length - 1] ?? []
  }
  const url = `http://webhook.test:${port}/`
  assert.equal(await faultOfEndpoint(url, { allowed, lookup }), undefined)
  assertFailed(await client({ allowed, lookup }).post(url), 'address', /WEBHOOK_ALLOWED_NETWORKS/)
  assert.deepEqual(asked, ['webhook.test', 'webhook.test'])
  assert.deepEqual([open.connections, closed.connections], [0, 0])
})

test('connects to the very address that was checked: the name is resolved once', async (t) => {
  const { open, closed, port, allowed } = await twoAddresses(t)
  const answers = [['127.0.0.2'], ['127.0.0.3']]
  const lookup: Lookup = async () => answers.shift() ?? []
  assertAnswered(await client({ allowed, lookup }).post(`http://webhook.test:${port}/`), 200)
  assert.deepEqual([open.connections, closed.connections], [1, 0])
  assert.equal(answers.length, 1)
})

test('connects to no address of a name with one bad address of two', async (t) => {
  const { open, closed, port, allowed } = await twoAddresses(t)
  for (const second of ['127.0.0.3', '169.254.169.254', '::ffff:127.0.0.3', '8.8.8.8']) {
    const lookup: Lookup = async () => ['127.0.0.2', second]
    assertFailed(await client({ allowed, lookup }).post(`http://webhook.test:${port}`), 'address')
  }
  assert.deepEqual([open.connections, closed.connections], [0, 0])
})

test('connects to no address that is not allowed, whatever its spelling', async (t) => {
  const { closed, port, allowed } = await twoAddresses(t)
  const hosts = [
    '127.0.0.3',
    '127.3',
    '127.0.3',
    '2130706435',
    '0x7f000003',
    '0x7f.3',
    '0177.0.0.3',
  ]
  const more = ['0177.3', '127.0.0.3.', '%31%32%37.0.0.3', '１２７。0。0。3', '[::ffff:127.0.0.3]']
  const posts = client({ allowed, timeoutMs: 5000 })
  for (const host of [...hosts, ...more, '[::ffff:7f00:3]'])
    for (const scheme of ['http', 'https'])
      assertFailed(await posts.post(`${scheme}://${host}:${port}/`), 'address')
  assert.equal(closed.connections, 0)
  const control = client({ timeoutMs: 5000 })
  for (const host of [...hosts, ...more])
    assertAnswered(await control.post(`http://${host}:${port}/`), 200)
  assert.ok(closed.connections > 0)
})

test('sends no request to metadata, nor over http outside the allowed networks', async () => {
  const everything = client({ allowed: parseNetworks('0.0.0.0/0,::/0') })
  for (const host of [
    '169.254.169.254',
    '168.63.129.16',
    '[fd00:ec2::254]',
    '[64:ff9b::a9fe:a9fe]',
  ])
    for (const scheme of ['http', 'https'])
      assertFailed(await everything.post(`${scheme}://${host}/`), 'address', /never allowed/)
  for (const allowed of [loopback, new BlockList()]) {
    assertFailed(await client({ allowed }).post('http://8.8.8.8/'), 'address', /http/)
    const lookup: Lookup = async () => ['8.8.8.8']
    assertFailed(await client({ allowed, lookup }).post('http://webhook.test/'), 'address', /http/)
  }
})
