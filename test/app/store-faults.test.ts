import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault, Plan, FaultProxy } from '../../local/fault-proxy.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { isSubscription } from '../../shared/subscriptions/subscription.ts'
import { createOwnApp, type OwnApp, type Receiver } from '../support/own-app.ts'
import { createReader } from '../support/reader.ts'
import { documentAt, store } from '../support/stored-events.ts'
import { findStored, waitForState } from '../support/stored-work.ts'
import { callerClaims, mintToken, type App } from '../support/subscriber.ts'
import { subscription as subscriptionOf } from '../unit/subscription-fixture.ts'
import { storeAll } from '../support/stored-items.ts'
import { deployedUrl, eventually, type TestStores } from '../support/stores.ts'
import { useProxiedStores } from './proxied-stores.ts'

// Every response that is not a decision of Cosmos DB is transient: no event is lost, and no client gets a 500.
const skip = deployedUrl !== undefined && 'faults need stores of its own'
const html = { headers: { 'content-type': 'text/html' }, body: '<html>Bad gateway</html>' }
const faults: Record<string, Fault> = {
  'a 500': { status: 500 },
  'a 501': { status: 501 },
  'a 502 in HTML': { status: 502, ...html },
  'a 503': { status: 503 },
  'a 504 without a body': { status: 504, body: '' },
  'a 408': { status: 408 },
  'a 410': { status: 410 },
  'a 429': { status: 429, headers: { 'x-ms-retry-after-ms': '50' } },
  'a 449': { status: 449 },
  'a 401, the key was changed': { status: 401 },
  'a 403, the network was changed': { status: 403 },
  'a 404 of the container': { status: 404, headers: { 'x-ms-substatus': '1003' } },
  'a 404 in HTML': { status: 404, ...html },
  'a 200 in HTML': { status: 200, ...html },
  'a 200 without a body': { status: 200, body: '' },
  'a redirect': { status: 302, headers: { location: 'http://127.0.0.1:9/' } },
  'a cut connection': 'cut before',
  'a cut connection after it was done': 'cut after',
}
const MANY = 4 // one more than a call is tried by itself

const startShared = useProxiedStores()
let stores: TestStores
let cosmos: FaultProxy
let receiver: Receiver
let app: App
before(async () => {
  if (skip !== false) return
  ;({ stores, cosmos, receiver, app } = await startShared())
  await storeSubscribers()
  await sleep(3100) // the index of an app that has run before is at most 3 s old
  cosmos.plan = (request) => {
    for (const plan of plans) {
      const fault = plan(request)
      if (fault !== undefined) return fault
    }
    return undefined
  }
})
/** The faults that are on; each has requests of its own, so that many tests can run at once. */
const plans = new Set<Plan>()
type Request = Parameters<Plan>[0]
const isAt = (container: string, method: string, key: string) => (request: Request) =>
  request.method === method &&
  request.url.includes(`/colls/${container}/docs`) &&
  String(request.headers['x-ms-documentdb-partitionkey']).includes(key)
const isQueryOf = (container: string) => (request: Request) =>
  request.url.endsWith(`/colls/${container}/docs`) &&
  request.headers['x-ms-documentdb-isquery'] !== undefined

/** Has requests meet a fault, so many of them at most. */
function breakRequests(fault: Fault, isMeant: (request: Request) => boolean, atMost = Infinity) {
  let met = 0
  const plan: Plan = (request) =>
    met < atMost && isMeant(request) && met++ >= 0 ? fault : undefined
  plans.add(plan)
  return { met: () => met, heal: () => plans.delete(plan) }
}

let number = 0
/** A subject of its own for each test: one subscription is enough for all, and a fault meets the events of one. */
const ownSubject = (): string => `/party/${++number}`

const each = Object.entries(faults)
const RETRIED = 'retried' // an app
/** A subscriber of one subject each: what fails for one opens no circuit of another. */
const subscribers = Array.from({ length: 2 * each.length }, (_, place) => ({
  id: 1000 + place,
  path: `/second-${place}`,
  subject: `/party/${1000 + place}`,
}))

/** One that has failed before. */
const failing = { id: 999, path: '/failing', subject: '/party/999' }
const circuit: Circuit = { state: 'closed', opens: 0, failingSince: '2026-01-01T00:00:00.000Z' }

/** As a real one: with another, messages about it, such as that of its drain on a busy machine, would be poison. */
const documentIdOf = (id: number): string => String(id).padStart(64, '0')

/** Stores subscriptions at once, and validated. */
function storeSubscribers(): Promise<void> {
  const documents = [...subscribers, failing].map(({ id, path, subject }) => {
    const filters = { resource: `urn:altinn:resource:app_ttd_${RETRIED}`, subject }
    const given = { id: documentIdOf(id), endpoint: `${receiver.url}${path}`, filters }
    return subscriptionOf(id, { ...given, ...(id === failing.id && { circuit }) })
  })
  return storeAll(stores, 'subscriptions', documents)
}

describe('many at once', { skip, concurrency: 4 }, () => {
  let shared: OwnApp
  let retried: OwnApp
  before(async () => {
    shared = await createOwnApp(app, receiver, 'passing')
    retried = await createOwnApp(app, receiver, RETRIED)
    await shared.subscribe()
  })

  describe(
    'answers a publish with 201 all the same, and delivers the event',
    { concurrency: each.length },
    () => {
      for (const [name, fault] of each)
        test(name, async () => {
          const subject = ownSubject()
          const broken = breakRequests(fault, isAt('events', 'POST', `"${subject}"`))
          const event = await shared.publish({ subject })
          const met = broken.met()
          await eventually('its fan-out meets the fault too', () => broken.met() > met)
          broken.heal()
          await shared.arrived(event, 30) // a busy machine may have tried five times by now: the next try is a minute later
        })
    },
  )

  describe('retries a fan-out', { concurrency: each.length }, () => {
    for (const [name, fault] of each)
      test(name, async () => {
        const subject = ownSubject()
        const broken = breakRequests(fault, isAt('events', 'GET', `"${subject}"`), MANY)
        await shared.arrived(await shared.publish({ subject }))
        assert.equal(broken.met(), MANY)
      })
  })

  for (const [what, method, first] of [
    ['the read of a delivery', 'GET', 0],
    ['the outcome of a delivery', 'PUT', each.length],
  ] as const)
    describe(`retries ${what}, without another request`, { concurrency: each.length }, () => {
      for (const [place, [name, fault]] of each.entries())
        test(name, async () => {
          const { id, path, subject } = subscribers[first + place] ?? assert.fail()
          let attempts = 0
          receiver.behave(() => (attempts++ === 0 ? { status: 503 } : {}), path)
          const broken = breakRequests(fault, isAt('deliveries', method, `"${id}"`), MANY)
          const event = await retried.publish({ subject })
          const arrivals = () => retried.arrivals(event, path).length
          await eventually('the second attempt', () => arrivals() > 1, 20)
          await waitForState(stores, id, event, 'delivered')
          assert.equal(arrivals(), 2)
          assert.ok(broken.met() > 0)
        })
    })

  test('a success ends the failing, though the circuit could not be stored at first', async () => {
    const { id, subject } = failing
    const isItsCircuit = ({ method, url }: Request) =>
      method === 'PUT' && url.endsWith(`/colls/subscriptions/docs/${documentIdOf(id)}`)
    const broken = breakRequests({ status: 503 }, isItsCircuit, MANY)
    await waitForState(stores, id, await retried.publish({ subject }), 'delivered')
    await eventually('it fails no more', async () => {
      const stored = await findStored(stores, id)
      return isSubscription(stored) && stored.circuit === undefined
    })
    assert.equal(broken.met(), MANY)
  })
})

describe('one fault after another', { skip }, () => {
  let own: OwnApp
  let reader: ReturnType<typeof createReader>
  before(async () => {
    own = await createOwnApp(app, receiver, 'passing-by')
    await own.subscribe()
    reader = createReader(app, await mintToken(callerClaims.ttd))
  })

  for (const [name, fault] of each)
    test(`tells readers and subscribers that meet ${name} to try again, and a sweep does so`, async () => {
      const overdue: EventDocument = {
        ...documentAt(Date.now(), { app: own.name }),
        pending: 1,
      }
      await store(stores, [overdue])
      const queries = breakRequests(fault, isQueryOf('events'))
      const subscriptions = breakRequests(fault, ({ url }) =>
        url.includes('/colls/subscriptions/docs'),
      )
      const request = {
        endPoint: receiver.url,
        resourceFilter: 'urn:altinn:resource:app_ttd_asking',
      }
      await app.runTimer('sweep-events')
      const bySweep = await eventually('the sweep meets it', () => queries.met() || false)
      const [read, subscription] = await Promise.all([
        reader.get('ttd/apps-test?after=1'),
        own.client.call('POST', '', request),
      ])
      queries.heal()
      subscriptions.heal()
      assert.deepEqual([read.status, read.headers.get('retry-after')], [503, '5'])
      assert.deepEqual([subscription.status, subscription.headers.has('retry-after')], [503, true])
      assert.ok(queries.met() > bySweep && subscriptions.met() > 0)
      assert.equal(
        (await own.client.call('POST', '', { ...request, endPoint: `${receiver.url}/${++number}` }))
          .status,
        201,
      )
      // A busy machine may not send the message of a claimed event in time: it can be claimed again a minute later.
      await eventually(
        'it arrives',
        async () => {
          await app.runTimer('sweep-events')
          await sleep(150) // a sweep takes its time from what it has sent
          return own.arrivals(overdue.id).length > 0
        },
        30,
      )
    })
})
