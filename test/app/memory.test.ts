import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startFaultProxy, type Plan } from '../../local/fault-proxy.ts'
import { referenceTo } from '../../shared/events/event-document.ts'
import { startApp } from '../support/app.ts'
import { documentAt, store } from '../support/stored-events.ts'
import {
  createSubscriptionsClient,
  callerClaims,
  mintToken,
  type App,
} from '../support/subscriber.ts'
import { createTestStores, deployedUrl, eventually, type TestStores } from '../support/stores.ts'

const EVENTS = 48 // host.json: batchSize + newBatchThreshold
const SUBSCRIBERS = 3
const DATA = 'x'.repeat(1_890_000)
const PLACE = '(data)'
const MAX_OPEN = 5 // to one subscriber: 8 MB, and one by a drain, which always has one
const MAX_GROWTH_MB = 180

// The heap that Node.js takes where a container has 512 MB: on a larger machine it would let garbage lie.
const NODE_OPTIONS = '--max-old-space-size=256'

const apps = ['memory-a', 'memory-b'] // 24 events each: as many as a subscriber is sent at once

/** Stores events to fan out, each small: the proxy adds the data, since the emulator takes a second for it. */
async function storeEvents(stores: TestStores) {
  const pending = Math.floor(Date.now() / 1000) + 3600
  const events = Array.from({ length: EVENTS }, (_, place) => {
    const { fanOut: _done, ...event } = documentAt(Date.now(), { app: apps[place % 2] ?? '' })
    return { ...event, pending }
  })
  await store(stores, events)
  return stores.documents<(typeof events)[number]>('events')
}

/** Answers every read of an event with 1.9 MB of data in it, which is put in once all else is text: that takes less. */
function withData(events: Awaited<ReturnType<typeof storeEvents>>): Plan {
  const headers = { 'content-type': 'application/json' }
  const bodies = new Map(
    events.map(({ event, ...stored }) => {
      const text = JSON.stringify({ ...stored, event: { ...event, data: PLACE } })
      return [stored.id, text.replace(PLACE, DATA)]
    }),
  )
  return ({ method, url }) => {
    const body = method === 'GET' ? bodies.get(url.split('/').at(-1) ?? '') : undefined
    return body === undefined ? undefined : { status: 200, headers, body }
  }
}

/** Subscribers that hang with what they are sent; `mostOpen` is how many requests one of them has had. */
async function startHangingReceiver() {
  const open = new Map<string, number>() // by path
  const server = createServer((request, response) => {
    const isValidation = Number(request.headers['content-length']) < DATA.length
    request.resume()
    if (isValidation) request.on('end', () => response.end())
    else open.set(request.url ?? '', (open.get(request.url ?? '') ?? 0) + 1)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    mostOpen: () => Math.max(...open.values()),
    stop: () => server.close().closeAllConnections(),
  }
}

/** An app whose three subscribers to each of two apps hang. */
async function startFixture(t: TestContext) {
  const [stores, hanging] = [await createTestStores(), await startHangingReceiver()]
  const cosmos = await startFaultProxy(stores.settings.Cosmos)
  const app = await startApp(stores, {
    settings: {
      NODE_OPTIONS,
      Cosmos: cosmos.connection,
      DELIVERY_TIMEOUT_SECONDS: '60',
    },
  })
  t.after(async () => {
    hanging.stop()
    await app.stop()
    await cosmos.stop()
  })
  const client = createSubscriptionsClient(app, await mintToken(callerClaims.ttd))
  for (const name of apps)
    for (let number = 0; number < SUBSCRIBERS; number++)
      await client.subscribed({
        endPoint: `${hanging.url}/${name}/${number}`,
        resourceFilter: `urn:altinn:resource:app_ttd_${name}`,
      })
  return { stores, cosmos, app, hanging }
}

/** Measures the memory of an app until told to end; returns what it was at first and at most, in MB. */
function measureMemory(app: App): () => Promise<{ first: number; most: number }> {
  const isOver = new AbortController()
  const measured = (async () => {
    const first = await app.residentMB()
    let most = first
    for (; !isOver.signal.aborted; await sleep(100)) most = Math.max(most, await app.residentMB())
    return { first, most }
  })()
  return () => {
    isOver.abort()
    return measured
  }
}

async function countDeliveries(stores: TestStores): Promise<number> {
  const query = 'SELECT VALUE COUNT(1) FROM c'
  const { resources } = await stores.container('deliveries').items.query<number>(query).fetchAll()
  return resources[0] ?? 0
}

const skip = deployedUrl !== undefined && 'the proxy must be its own'

test(
  '48 events of 1.9 MB whose subscribers hang fit an instance of 512 MB',
  { skip },
  async (t) => {
    const { stores, cosmos, app, hanging } = await startFixture(t)
    const events = await storeEvents(stores)
    cosmos.plan = withData(events)
    const end = measureMemory(app)
    await Promise.all(
      events.map((one) => stores.send('events-inbound', referenceTo(one, undefined))),
    )
    const hasRecords = async () => (await countDeliveries(stores)) === EVENTS * SUBSCRIBERS
    await eventually('a record of every delivery', hasRecords, 60)
    const { first, most } = await end()
    t.diagnostic(`${Math.ceil(first)} MB before, ${Math.ceil(most)} MB at most`)
    assert.ok(hanging.mostOpen() <= MAX_OPEN, `${hanging.mostOpen()} requests to one subscriber`)
    assert.ok(most - first < MAX_GROWTH_MB, `${Math.ceil(most - first)} MB more than before`)
  },
)
