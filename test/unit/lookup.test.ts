import assert from 'node:assert/strict'
import dns from 'node:dns/promises'
import { syncBuiltinESMExports } from 'node:module'
import { describe, test, type TestContext } from 'node:test'
import { readConfig } from '../../shared/config.ts'
import { faultOfSubscriberEndpoint } from '../../shared/flows/manage-subscriptions.ts'
import { parseNetworks } from '../../shared/http/networks.ts'
import { createServices } from '../../shared/services.ts'
import { faultOfEndpoint } from '../../shared/webhooks/endpoint.ts'
import type { Answer } from '../../shared/webhooks/webhook-outcome.ts'
import { createLookup } from '../../shared/webhooks/lookup.ts'
import { startNameServer, type NameAnswer } from '../support/name-server.ts'
import { scaleTimeout } from '../support/time-limits.ts'
import { assertFailed, client, receiver } from '../support/webhook-client.ts'

const LIMIT = 5000 // ms
const SUBSCRIBERS = 200
const here = { addresses: ['127.0.0.1'] }

/** A look-up by a name server of our own. */
async function names(
  t: TestContext,
  answer: (name: string, type: 'A' | 'AAAA') => NameAnswer | undefined,
) {
  const server = await startNameServer(answer)
  t.after(() => server.stop())
  const clock = { ms: 0 }
  const lookup = createLookup({ servers: [server.address], now: () => clock.ms })
  return { server, clock, lookup, count: () => server.asked.length / 2 }
}

// What is silent takes five seconds, together.
describe('silent name servers', { concurrency: 3 }, () => {
  test('two hundred subscribers under one domain get their events past slow and silent name servers', async (t) => {
    const there = await receiver(t)
    const { lookup } = await names(t, (name) =>
      name.includes('silent') ? undefined : { ...here, ttl: 60, delayMs: 200 },
    )
    const posts = client({ lookup, timeoutMs: scaleTimeout(20_000) })
    const to = (name: string) => posts.post(`http://${name}:${there.port}/${name}`)
    const silent = Array.from({ length: 20 }, (_, index) => to(`silent${index}.hosting.test`))
    // By hundreds: one after the other, a hundred take 20 s, and each look-up has 5.
    const sent: Answer[] = []
    while (sent.length < SUBSCRIBERS)
      sent.push(
        ...(await Promise.all(
          Array.from({ length: 100 }, (_, index) => to(`s${sent.length + index}.hosting.test`)),
        )),
      )
    assert.ok(sent.every((each) => each.kind === 'answered'))
    assert.equal(new Set(there.deliveries.map(({ path }) => path)).size, SUBSCRIBERS)
    for (const answer of await Promise.all(silent)) {
      assertFailed(answer, 'dns', /ETIMEOUT/)
      assert.ok(answer.ms < scaleTimeout(1.2 * LIMIT), `${answer.ms} ms`)
    }
  })

  test('a failure has its reason, is told to all who wait for it, and is not kept', async (t) => {
    const failures: Record<string, NameAnswer> = {
      'unknown.test': { code: 'NXDOMAIN' },
      'empty.test': {},
      'broken.test': { code: 'SERVFAIL' },
    }
    const { lookup, count } = await names(t, (name) => failures[name])
    const posts = client({ lookup, timeoutMs: 3 * LIMIT })
    const none = /^the host name cannot be resolved$/
    assertFailed(await posts.post('http://unknown.test/'), 'dns', none)
    assertFailed(await posts.post('http://empty.test/'), 'dns', none)
    assertFailed(await posts.post('http://broken.test/'), 'dns', /resolved: ESERVFAIL$/)
    const [first, second] = await Promise.all([
      posts.post('http://silent.test/'),
      posts.post('http://silent.test/'),
    ])
    for (const answer of [first, second]) assertFailed(answer, 'dns', /resolved: ETIMEOUT$/)
    const before = count()
    failures['broken.test'] = here
    assert.deepEqual(await lookup('broken.test'), ['127.0.0.1'])
    assert.equal(count(), before + 1)
  })

  test('registering an endpoint waits five seconds for a silent name server, and no longer', async (t) => {
    const { lookup } = await names(t, () => undefined)
    const began = performance.now()
    const allowed = parseNetworks('127.0.0.0/8')
    const fault = await faultOfEndpoint('https://silent.test/', { allowed, lookup })
    assert.match(fault ?? '', /can be resolved/)
    const ms = performance.now() - began
    assert.ok(ms > LIMIT - 50 && ms < scaleTimeout(1.2 * LIMIT), `${ms} ms`)
  })
})

test('an answer is kept for its time to live, up to five minutes, and not at all where that is 0', async (t) => {
  const ttls: Record<string, number> = { 'short.test': 2, 'long.test': 86_400, 'none.test': 0 }
  const { clock, lookup, count } = await names(t, (name) => ({ ...here, ttl: ttls[name] ?? 0 }))
  const askedAt = async (name: string, ms: number) => {
    clock.ms = ms
    const before = count()
    assert.deepEqual(await lookup(name), ['127.0.0.1'])
    return count() > before
  }
  assert.equal(await askedAt('short.test', 0), true)
  assert.equal(await askedAt('short.test', 1999), false)
  assert.equal(await askedAt('short.test', 2000), true)
  assert.equal(await askedAt('long.test', 0), true)
  assert.equal(await askedAt('long.test', 299_999), false)
  assert.equal(await askedAt('long.test', 300_000), true)
  assert.equal(await askedAt('none.test', 0), true)
  assert.equal(await askedAt('none.test', 0), true)
})

test('those who ask for a name at the same time share one question', async (t) => {
  const { lookup, count } = await names(t, () => ({ ...here, delayMs: 50 }))
  const answers = await Promise.all(Array.from({ length: 8 }, () => lookup('hook.test')))
  assert.deepEqual(new Set(answers.flat()), new Set(['127.0.0.1']))
  assert.equal(count(), 1)
})

test('a name has the addresses of both families, and the shortest of their times to live', async (t) => {
  const addresses = ['192.0.2.1', '2001:db8::1']
  const { clock, lookup, count } = await names(t, (_, type) => ({
    addresses,
    ttl: type === 'A' ? 60 : 1,
  }))
  assert.deepEqual(await lookup('both.test'), addresses)
  clock.ms = 1000
  await lookup('both.test')
  assert.equal(count(), 2)
})

test('a family that fails, or is not answered for, does not hide the other', async (t) => {
  const { lookup } = await names(t, (name, type) => {
    if (type === 'A') return name === 'six.test' ? { code: 'SERVFAIL' } : here
    if (name === 'six.test') return { addresses: ['2001:db8::1'] }
    return name === 'four.test' ? { code: 'SERVFAIL' } : undefined
  })
  const began = performance.now()
  assert.deepEqual(await lookup('four.test'), ['127.0.0.1'])
  assert.deepEqual(await lookup('six.test'), ['2001:db8::1'])
  assert.deepEqual(await lookup('silent.test'), ['127.0.0.1'])
  const ms = performance.now() - began
  assert.ok(ms < LIMIT, `${ms} ms`)
})

test('localhost is loopback, and no name server is asked for it', async (t) => {
  const { lookup, count } = await names(t, () => ({ addresses: ['192.0.2.1'] }))
  for (const name of ['localhost', 'LOCALHOST', 'localhost.', 'app.localhost'])
    assert.deepEqual(await lookup(name), ['127.0.0.1', '::1'])
  assert.deepEqual(await lookup('notlocalhost'), ['192.0.2.1'])
  assert.equal(count(), 1)
})

test('registering an endpoint and sending to it use one look-up', async (t) => {
  const { server } = await names(t, () => ({ addresses: ['10.0.0.1'], ttl: 60 }))
  const { Resolver } = dns
  t.after(() => {
    Reflect.set(dns, 'Resolver', Resolver)
    syncBuiltinESMExports()
  })
  const Ours = class extends Resolver {
    constructor(options?: ConstructorParameters<typeof Resolver>[0]) {
      super(options)
      this.setServers([server.address])
    }
  }
  Reflect.set(dns, 'Resolver', Ours)
  syncBuiltinESMExports()
  const services = await createServices(
    readConfig({
      Cosmos: 'AccountEndpoint=https://events.documents.azure.com:443/;AccountKey=S3CRET==;',
      QueueStorage:
        'DefaultEndpointsProtocol=https;AccountName=events;AccountKey=S3CRET==;EndpointSuffix=core.windows.net',
      ALTINN_OPENID_CONFIGURATION_URL: 'https://platform.altinn.no/openid-configuration',
      PLATFORM_TOKEN_JWKS_URL: 'https://keys.example.no/{issuer}/jwks',
    }),
  )
  const sent = services.webhook.post('https://hook.example.no/', '', {})
  const requests = ['https://hook.example.no/', 'https://other.example.no/'].map((endpoint) =>
    faultOfSubscriberEndpoint(services, endpoint),
  )
  for (const request of requests) assert.match((await request) ?? '', /private or reserved/)
  assertFailed(await sent, 'address')
  const each = ['hook.example.no', 'other.example.no'].flatMap((name) => [
    `${name} A`,
    `${name} AAAA`,
  ])
  assert.deepEqual(server.asked.toSorted(), each)
})
