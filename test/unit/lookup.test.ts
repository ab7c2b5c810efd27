import assert from 'node:assert/strict'
import dns from 'node:dns/promises'
import { syncBuiltinESMExports } from 'node:module'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readConfig } from '../../shared/config.ts'
import { requireEndpoint } from '../../shared/flows/manage-subscriptions.ts'
import { parseNetworks } from '../../shared/http/networks.ts'
import { createServices } from '../../shared/services.ts'
import { createLookup, faultOfEndpoint } from '../../shared/webhooks/endpoint.ts'
import { createWebhookClient } from '../../shared/webhooks/webhook-client.ts'
import { eventually } from '../support/stores.ts'

const LIMIT = 5000 // ms
const allowed = parseNetworks('127.0.0.2/32')
const eight = Array.from({ length: 8 }, (_, index) => index)

/** A system that says nothing of names with "silent" in them until `giveUp`, and of others at once where they lead. */
function silence() {
  const end = Promise.withResolvers<string[]>()
  const asked: string[] = []
  const ask = (name: string) => {
    asked.push(name)
    return name.includes('silent') ? end.promise : Promise.resolve(['127.0.0.2'])
  }
  const giveUp = () => end.reject(Object.assign(new Error('EAI_AGAIN'), { code: 'EAI_AGAIN' }))
  return { ask, asked, giveUp, lookup: createLookup(ask) }
}

/** A client that has more time than a look-up. */
function client(t: TestContext, { lookup }: ReturnType<typeof silence>) {
  const made = createWebhookClient({ timeoutMs: 3 * LIMIT, allowed, lookup })
  t.after(() => made.close())
  return async (name: string) => {
    const answer = await made.post(`http://${name}:1/`, '', {})
    return answer.kind === 'failed' ? answer.reason : answer.kind
  }
}

test('eight silent names of eight owners use two look-ups, and all fail in time', async (t) => {
  const system = silence()
  const post = client(t, system)
  const sent = eight.map((index) => post(`silent.owner${index}.test`))
  await eventually('the first look-ups', () => system.asked.length > 0) // the client loads undici first
  const second = sleep(1.9 * LIMIT, 'one after the other', { ref: false }) // by the same clock
  const registered = await Promise.all(
    eight.map((index) =>
      faultOfEndpoint(`https://hook.silent${index}.test/`, { allowed, lookup: system.lookup }),
    ),
  )
  for (const fault of registered) assert.match(fault ?? '', /can be resolved/)
  const failed = Promise.all(sent).then((reasons) => new Set(reasons))
  assert.deepEqual(await Promise.race([failed, second]), new Set(['dns']))
  assert.equal(system.asked.length, 2)

  const good = system.lookup('hook.good.test')
  await sleep(50)
  assert.equal(system.asked.length, 2) // the threads are not free before the system gives up
  system.giveUp()
  assert.deepEqual(await good, ['127.0.0.2'])
  assert.equal(system.asked.length, 3) // those that have failed have left the line
})

test('silent names of one owner use one look-up, and delay no other owner', async (t) => {
  const system = silence()
  const post = client(t, system)
  const sent = eight.map((index) => post(`silent${index}.one.kommune.no`))
  sent.push(post('silent.one.kommune.no.')) // the same, spelled with the dot of the root
  const neighbours = ['hook.two.kommune.no', 'hook.good.test']
  const answers = neighbours.map((name) => system.lookup(name))
  assert.deepEqual(await Promise.all(answers), [['127.0.0.2'], ['127.0.0.2']])
  assert.deepEqual(new Set(await Promise.all(sent)), new Set(['dns']))
  assert.deepEqual(await system.lookup('hook.good.test'), ['127.0.0.2']) // while the first is under way still
  assert.equal(system.asked.filter((name) => name.includes('silent')).length, 1)
  system.giveUp()
})

test('look-ups queue in order, and concurrent callers share one', async () => {
  const ends: (() => void)[] = []
  const asked: string[] = []
  const lookup = createLookup(async (name) => {
    asked.push(name)
    await new Promise<void>((resolve) => ends.push(resolve))
    return [name]
  })
  const names = ['a.test', 'b.test', 'c.test', 'x.a.test', 'c.test', 'a.test', 'd.test']
  const answers = names.map((name) => lookup(name))
  for (const place of names.keys()) {
    await sleep(5)
    ends[place]?.()
  }
  assert.deepEqual(
    await Promise.all(answers),
    names.map((name) => [name]),
  )
  assert.deepEqual(asked, ['a.test', 'b.test', 'c.test', 'x.a.test', 'd.test'])
  const again = lookup('a.test')
  ends.at(-1)?.()
  assert.deepEqual(await again, ['a.test'])
  assert.equal(asked.at(-1), 'a.test') // nothing is kept
})

test('a failure rejects every caller, and frees its slot', async () => {
  const fault = new Error('ENOTFOUND')
  const lookup = createLookup(async (name) =>
    name.startsWith('bad') ? Promise.reject(fault) : [name],
  )
  const bad = eight.map((index) => assert.rejects(lookup(`bad${index % 4}.test`), fault))
  await Promise.all(bad)
  assert.deepEqual(await lookup('good.test'), ['good.test'])
})

test('registering an endpoint and sending to it share one look-up', async (t) => {
  const found = Promise.withResolvers<{ address: string }[]>()
  const asked: string[] = []
  const system = dns.lookup
  t.after(() => {
    Reflect.set(dns, 'lookup', system)
    syncBuiltinESMExports()
  })
  Reflect.set(dns, 'lookup', (name: string) => {
    asked.push(name)
    return found.promise
  })
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
  t.after(() => services.webhook.close())
  const sent = services.webhook.post('https://hook.example.no/', '', {})
  const requests = ['https://hook.example.no/', 'https://other.example.no/'].map((endpoint) =>
    requireEndpoint(services, endpoint),
  )
  const refusals = Promise.all(
    requests.map((request) => assert.rejects(request, /private or reserved/)),
  )
  await eventually('a look-up', () => asked.length > 0) // the client loads undici first
  await sleep(50)
  assert.deepEqual(asked, ['hook.example.no'])
  found.resolve([{ address: '10.0.0.1' }])
  await refusals
  const answer = await sent
  assert.equal(answer.kind === 'failed' ? answer.reason : answer.kind, 'address')
  assert.deepEqual(asked, ['hook.example.no', 'other.example.no'])
})
