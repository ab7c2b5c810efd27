import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { exampleEvent } from '../../local/example.ts'
import { newDelivery } from '../../shared/deliveries/delivery.ts'
import { newEventId, timeOf } from '../../shared/events/event-id.ts'
import {
  assertProblem,
  createSubscriptionsClient,
  callerClaims,
  eventuallyByApi,
  mintToken,
  type DeliveryRecord,
  type App,
} from '../support/subscriber.ts'
import { documentAt } from '../support/stored-events.ts'
import { storeAll } from '../support/stored-items.ts'
import { sleepUntil, eventually, type TestStores } from '../support/stores.ts'
import { scaleTimeout } from '../support/time-limits.ts'
import { useApp } from '../support/share.ts'
import type { Receiver } from '../support/own-app.ts'
import { quickRetries } from './quick-retries.ts'

const startShared = useApp(quickRetries)
let stores: TestStores
let receiver: Receiver
let app: App
let client: ReturnType<typeof createSubscriptionsClient>
before(async () => {
  ;({ stores, receiver, app } = await startShared())
  client = createSubscriptionsClient(app, await mintToken(callerClaims.ttd))
  await Promise.all(
    names.map(async (name) => {
      const made = await client.subscribed({
        endPoint: `${receiver.url}/${name}`,
        resourceFilter: exampleResource,
        typeFilter: name,
      })
      ids[name] = made.id
    }),
  )
  await sleepUntil(Date.now() + 3500) // until an index that was read before that is read anew
})

const exampleResource = 'urn:altinn:resource:app_ttd_apps-test'
const names = ['fails', 'recovers', 'slow', 'many', 'gone'] as const
type Name = (typeof names)[number]
const ids: Record<Name, number> = { fails: 0, recovers: 0, slow: 0, many: 0, gone: 0 }

const publish = async (type: Name): Promise<string> =>
  String(await (await app.publish({ ...exampleEvent, type })).json())
const got = (name: Name, id: string) =>
  receiver.deliveries.filter(({ path, event }) => path === `/${name}` && event?.id === id)
const record = (name: Name, id: string, state: string, run = 0): Promise<DeliveryRecord> =>
  eventuallyByApi(`${id} ${state}`, async () => {
    const { deliveries } = await client.deliveries(ids[name])
    return deliveries.find((one) => one.event === id && one.state === state && one.run === run)
  })
const retry = (name: Name, event: string) =>
  client.call('POST', `/${ids[name]}/deliveries/${event}/retry`)

describe('the owner of a subscription', { concurrency: 8 }, () => {
  test('sees each of many deliveries once, page by page', async () => {
    const published = await Promise.all([1, 2, 3, 4].map(() => publish('many')))
    await eventually('all arrived', () => published.every((id) => got('many', id).length > 0), 30)
    const all = [...(await storeDelivered(48)), ...published]
    for (const query of ['?', '?state=all', '?state=delivered']) {
      await eventuallyByApi('all delivered', async () => {
        const pages = await pagesOf(query)
        assert.ok(pages.every((page) => page.length <= 50))
        const seen = pages.flat().map(({ event }) => event)
        assert.deepEqual(seen, [...new Set(seen)].toSorted(), 'oldest first, none twice')
        return seen.length === all.length && all.every((id) => seen.includes(id))
      })
    }
    for (const state of ['waiting', 'dead', 'cancelled'])
      assert.deepEqual(await pagesOf(`?state=${state}`), [[]])
    const last = published.toSorted().at(-1) ?? ''
    assert.deepEqual(await client.deliveries(ids.many, `?after=${last}`), { deliveries: [] })
  })

  test('sees a dead delivery at once, with all attempts', async () => {
    receiver.behave({ status: 503, body: 'x'.repeat(5000), delayMs: 50 }, '/fails')
    const published = Date.now()
    const id = await publish('fails')
    await eventually('two attempts', () => got('fails', id).length === 2)
    const since = Date.now()
    const { attempts, resource, subject, acceptedAt, ...dead } = await record('fails', id, 'dead')
    assert.ok(Date.now() - since < scaleTimeout(4000)) // 0.2 s where nothing else runs
    const reason = 'gave up after 2 attempts: answered 503'
    assert.deepEqual(dead, { event: id, state: 'dead', run: 0, reason })
    assert.deepEqual([resource, subject], [exampleResource, exampleEvent.subject])
    assert.equal(acceptedAt, timeOf(id).toISOString())
    assert.deepEqual(
      attempts.map(({ status, answer }) => [status, answer?.length]),
      [
        [503, 200],
        [503, 4096],
      ],
    )
    for (const { at, ms, failure } of attempts) {
      assert.ok(Date.parse(at) >= published && Date.parse(at) <= Date.now())
      assert.ok(ms >= 50 && ms <= Date.now() - published, `${ms} ms`)
      assert.equal(failure, undefined)
    }
    assert.ok(Date.parse(String(attempts[0]?.at)) < Date.parse(String(attempts[1]?.at)))
  })

  test('retries a dead delivery: the next run, the same id, a fresh timestamp', async () => {
    receiver.behave({ status: 500 }, '/recovers')
    const id = await publish('recovers')
    await record('recovers', id, 'dead')
    receiver.behave({}, '/recovers')
    await sleepUntil(Date.now() + 1000) // timestamps are in seconds
    const asked = Date.now()
    const answer = await retry('recovers', id)
    assert.equal(answer.status, 202)
    const { event, state, run, attempts, due } = Object(await answer.json())
    assert.deepEqual({ event, state, run }, { event: id, state: 'waiting', run: 1 })
    assert.equal(attempts.length, 2)
    assert.ok(Date.parse(due) > asked - 1000, due)

    const delivered = await record('recovers', id, 'delivered', 1)
    assert.deepEqual(
      delivered.attempts.map(({ status }) => status),
      [500, 500, 200],
    )
    assert.equal(delivered.reason, undefined)
    const [first, , third, ...others] = got('recovers', id).map(({ headers }) => headers)
    assert.ok(first !== undefined && third !== undefined && others.length === 0)
    assert.deepEqual([first['webhook-id'], third['webhook-id']], [id, id])
    assert.ok(Number(third['webhook-timestamp']) > Number(first['webhook-timestamp']))
    assert.equal(got('recovers', id)[0]?.body, got('recovers', id)[2]?.body)

    assert.equal((await retry('recovers', id)).status, 202, 'a delivered one too')
    await record('recovers', id, 'delivered', 2)
  })

  test('sees when the next attempt is due, and cannot retry a waiting delivery', async () => {
    receiver.behave({ status: 429, headers: { 'retry-after': '120' } }, '/slow')
    const id = await publish('slow')
    const waiting = await eventuallyByApi('tried once', async () => {
      const { deliveries } = await client.deliveries(ids.slow, '?state=waiting')
      return deliveries.find(({ event, attempts }) => event === id && attempts.length === 1)
    })
    const [{ at, ms } = { at: '', ms: 0 }] = waiting.attempts
    const wait = Date.parse(waiting.due ?? '') - Date.parse(at) - ms
    assert.ok(wait > 118_000 && wait < 180_000, `${wait} ms`)
    await assertProblem(await retry('slow', id), 409)
    assert.equal(got('slow', id).length, 1)
  })

  test('cannot retry a delivery of a disabled subscription', async () => {
    receiver.behave({ status: 410 }, '/gone')
    const id = await publish('gone')
    await record('gone', id, 'dead')
    await eventuallyByApi('disabled', async () => {
      const { circuit } = await client.read(ids.gone)
      return circuit.state === 'disabled'
    })
    await assertProblem(await retry('gone', id), 409)
    assert.equal((await record('gone', id, 'dead')).run, 0)
  })

  const unknown = [newEventId(), 'abc', '%23', 'a%3Fb', 'a%2Fb', 'a%5Cb', '%20', 'x'.repeat(300)]
  for (const event of unknown)
    test(`gets 404 for the delivery of an event ${event.slice(0, 40)}`, async () => {
      await assertProblem(await retry('fails', event), 404)
    })

  /** Stores the records of so many deliveries of an hour ago. */
  async function storeDelivered(count: number): Promise<string[]> {
    const subscriber = { number: ids.many, consumer: '/org/ttd', id: 'many' }
    const began = Date.now() - 3_600_000
    const delivered = Array.from({ length: count }, (_, i) => ({
      ...newDelivery(documentAt(began + i), subscriber),
      state: 'delivered',
      attempts: [{ at: new Date(began + i).toISOString(), ms: 1, status: 200, answer: '' }],
    }))
    await storeAll(stores, 'deliveries', delivered)
    return delivered.map(({ id }) => id)
  }

  async function pagesOf(query: string): Promise<DeliveryRecord[][]> {
    const pages: DeliveryRecord[][] = []
    for (let next: string | undefined = ''; next !== undefined;) {
      const page = await client.deliveries(ids.many, `${query}&after=${next}`)
      pages.push(page.deliveries)
      next = page.next
    }
    return pages
  }

  for (const state of ['', 'Dead', 'gone', 'dead,waiting', 'toString'])
    test(`gets 400 for a state ${JSON.stringify(state)}`, async () => {
      const answer = await client.call('GET', `/${ids.many}/deliveries?state=${state}`)
      assert.match(await assertProblem(answer, 400), /waiting, delivered, dead, cancelled, all/)
    })
})

test('sees the deliveries of each state, and nobody else sees any', async () => {
  const expected: [Name, string, number][] = [
    ['fails', 'dead', 1],
    ['fails', 'delivered', 0],
    ['fails', 'all', 1],
    ['recovers', 'delivered', 1],
    ['recovers', 'dead', 0],
    ['slow', 'waiting', 1],
    ['slow', 'cancelled', 0],
    ['slow', 'all', 1],
  ]
  const others = await Promise.all(
    [callerClaims.skd, callerClaims.user, callerClaims.systemUser].map((who) => mintToken(who)),
  )
  for (const [name, state, count] of expected) {
    const query = `?state=${state}`
    const { deliveries } = await client.deliveries(ids[name], query)
    assert.equal(deliveries.length, count, `${name} ${state}`)
    for (const one of deliveries) assert.ok(state === 'all' || one.state === state)
    for (const token of others) {
      const path = `/${ids[name]}/deliveries${query}`
      await assertProblem(await createSubscriptionsClient(app, token).call('GET', path), 403)
    }
  }
})
