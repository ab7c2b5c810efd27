import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { newEventId, timeOf } from '../../shared/events/event-id.ts'
import { createOwnApp, type Receiver } from '../support/own-app.ts'
import { storeAll } from '../support/stored-items.ts'
import { type TestStores } from '../support/stores.ts'
import { assertProblem, type App } from '../support/subscriber.ts'
import { useApp } from '../support/share.ts'

const startShared = useApp()
let stores: TestStores
let receiver: Receiver
let app: App
before(async () => {
  ;({ stores, receiver, app } = await startShared())
})

interface Bucket {
  from: string
  delivered: number
  waiting: number
  dead: number
  cancelled: number
  ms?: { p50: number; p95: number }
}

const start = Date.parse('2026-08-20T10:00:00Z')
const minute = 60_000

/** A delivery of an event of that time; the id is a UUIDv7 of the time, whatever this process has made before. */
function deliveryOf(subscription: number, ms: number, state: string, times: number[] = []) {
  const time = ms.toString(16).padStart(12, '0')
  const id = `${time.slice(0, 8)}-${time.slice(8)}${newEventId().slice(13)}`
  const attempts = times.map((each) => ({ at: timeOf(id).toISOString(), ms: each, status: 200 }))
  return { v: 1, id, subscription: String(subscription), state, attempts }
}

const path = (id: number, from: number, to: number) =>
  `/${id}/statistics?from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`

test('statistics count an interval’s deliveries by state and time, with the percentiles of answer times', async () => {
  const own = await createOwnApp(app, receiver, 'statistics')
  const { id } = await own.subscribe()
  const numbers = Array.from({ length: 20 }, (_, index) => index + 1)
  await storeAll(stores, 'deliveries', [
    deliveryOf(id, start - 1, 'delivered', [1]), // before the interval
    ...numbers.map((ms) => deliveryOf(id, start + ms, 'delivered', [ms * 10])),
    deliveryOf(id, start + 59_999, 'dead', [1000, 2000]),
    deliveryOf(id, start + minute, 'backlog'),
    deliveryOf(id, start + minute + 1, 'waiting', [7]),
    deliveryOf(id, start + 2 * minute, 'cancelled'),
    deliveryOf(id, start + 60 * minute, 'dead', [1]), // after it
  ])
  const { buckets, ...said } = await own.client.requestJson(
    200,
    'GET',
    path(id, start, start + 60 * minute),
  )
  const from = new Date(start).toISOString()
  const to = new Date(start + 60 * minute).toISOString()
  assert.deepEqual(said, { from, to, complete: true, seconds: 60 })
  assert.equal(buckets.length, 60)
  const none = { delivered: 0, waiting: 0, dead: 0, cancelled: 0 }
  const at = (index: number) => ({ ...none, from: new Date(start + index * minute).toISOString() })
  assert.deepEqual(buckets[0], { ...at(0), delivered: 20, dead: 1, ms: { p50: 110, p95: 1000 } })
  assert.deepEqual(buckets[1], { ...at(1), waiting: 2, ms: { p50: 7, p95: 7 } })
  assert.deepEqual(buckets[2], { ...at(2), cancelled: 1 })
  assert.deepEqual(buckets[59], at(59))
})

test('statistics of more than 2,000 deliveries begin later, and say so', async () => {
  const own = await createOwnApp(app, receiver, 'crowded')
  const { id } = await own.subscribe()
  const states = ['delivered', 'dead', 'backlog']
  const all = Array.from({ length: 2010 }, (_, index) => index)
  await storeAll(
    stores,
    'deliveries',
    all.map((index) => deliveryOf(id, start + index * 1000, states[index % 3] ?? '')),
  )
  const { buckets, from, complete } = await own.client.requestJson(
    200,
    'GET',
    path(id, start, start + 60 * minute),
  )
  assert.equal(complete, false)
  assert.equal(from, new Date(start + 10_000).toISOString())
  const found: Bucket[] = buckets
  const counted = found.map((each) => each.delivered + each.dead + each.waiting)
  assert.equal(
    counted.reduce((sum, count) => sum + count, 0),
    2000,
  )
})

test('statistics are those of the last 24 hours unless they say otherwise', async () => {
  const own = await createOwnApp(app, receiver, 'lately')
  const { id } = await own.subscribe()
  const said = await own.client.requestJson(200, 'GET', `/${id}/statistics`)
  assert.equal(Date.parse(said.to) - Date.parse(said.from), 24 * 60 * minute)
  assert.ok(Math.abs(Date.parse(said.to) - Date.now()) < minute)
  assert.equal(said.seconds, 24 * 60)
  const short = await own.client.requestJson(200, 'GET', path(id, start, start + 500))
  assert.deepEqual([short.seconds, short.buckets.length], [1, 1])
})

const bad = [
  ['from=', /"from" must be a date and time/],
  ['from=yesterday', /"from" must be a date and time/],
  ['from=2026-02-30T00:00:00Z', /"from" must be a date and time/],
  ['from=2026-08-20T10:00:00', /"from" must specify a timezone/],
  ['to=2026-08-20T10:00:00', /"to" must specify a timezone/],
  ['from=2026-08-20T10:00:00Z&to=2026-08-20T10:00:00Z', /"from" must be before "to"/],
  ['from=2126-08-20T10:00:00Z', /"from" must be before "to"/],
  ['to=1900-01-01T00:00:00Z', /"from" must be before "to"/],
] as const
test('statistics of no interval are a 400', async (t) => {
  const own = await createOwnApp(app, receiver, 'interval')
  const { id } = await own.subscribe()
  for (const [query, detail] of bad)
    await t.test(`for ${query}`, async () => {
      const answer = await own.client.call('GET', `/${id}/statistics?${query}`)
      assert.match(await assertProblem(answer, 400), detail)
    })
})
