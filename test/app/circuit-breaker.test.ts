import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type Delivery } from '../../local/receiver.ts'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { isSubscription } from '../../shared/subscriptions/subscription.ts'
import { createOwnApp, type OwnApp, type Receiver } from '../support/own-app.ts'
import { documentAt, store } from '../support/stored-events.ts'
import {
  updateStored,
  endLease,
  waitForState,
  waitForStates,
  recordOf,
  recordsOf,
  findStored,
  storeBacklog,
} from '../support/stored-work.ts'
import { deployedUrl, eventually, type TestStores } from '../support/stores.ts'
import { useApp } from '../support/share.ts'
import { eventuallyByApi, type App } from '../support/subscriber.ts'
import { quickRepairs } from './quick-repairs.ts'

const skip = deployedUrl !== undefined && 'it needs stores of its own'
const startShared = useApp(quickRepairs)
let stores: TestStores
let receiver: Receiver
let app: App
before(async () => {
  ;({ stores, receiver, app } = await startShared())
})

const FAILURES_TO_OPEN = 5
const SHARE = 24 // of requests at once, of one subscriber

let apps = 0
async function subscribedApp() {
  const own = await createOwnApp(app, receiver, `circuit-${apps++}`)
  const { id } = await own.subscribe()
  return { ...own, id }
}
type Subscribed = OwnApp & { id: number }

const circuitOf = async ({ id, read }: Subscribed) => (await read(id)).circuit
const inCircuit = (own: Subscribed, state: string, seconds = 20) =>
  eventuallyByApi(
    `${own.name} ${state}`,
    async () => {
      const circuit = await circuitOf(own)
      return circuit.state === state && circuit
    },
    seconds,
  )

/** Has the endpoint fail until the circuit is open, and all are in the backlog. Returns the events. */
async function opened(own: Subscribed): Promise<string[]> {
  receiver.behave({ status: 503 }, own.path)
  const events = await own.publishMany(10)
  await inCircuit(own, 'open')
  await keepOpen(own)
  await allInBacklog(own, events)
  return events
}
/** Has an open circuit probed when the test says so: another lease, so that the message at its end finds nothing to do. */
const keepOpen = ({ id }: Subscribed) =>
  updateStored(stores, id, (subscription) => {
    const { circuit } = subscription
    if (circuit?.state !== 'open') return subscription
    const lease = { token: randomUUID(), until: Math.ceil(Date.now() / 1000) + 3600 }
    return { ...subscription, circuit: { ...circuit, lease } }
  })
/**
 * Waits until deliveries are recorded, and those that failed have come to the backlog by their schedule. Sweeps meanwhile: a
 * busy machine may not send the message of each event in time.
 */
const allInBacklog = (own: Subscribed, events: string[]) =>
  eventually(
    `all of ${own.name} in the backlog`,
    async () => {
      await sleep(500) // a sweep takes its time from what it waits for
      const records = await recordsOf(stores, own.id)
      const waiting = new Set(
        records.filter((each) => each.state === 'backlog').map(({ id }) => id),
      )
      if (events.every((event) => waiting.has(event))) return true
      await app.runTimer('sweep-events')
      return false
    },
    30,
  )
/** Adds so many events of now to the backlog, as publishing them would. Returns their ids. */
async function addToBacklog({ id, name }: Subscribed, count: number): Promise<string[]> {
  const subscription = await findStored(stores, id)
  assert.ok(isSubscription(subscription))
  const events = Array.from({ length: count }, () => documentAt(Date.now(), { app: name }))
  await store(stores, events)
  await storeBacklog(stores, subscription, events)
  return events.map((event) => event.id)
}
const endOpen = ({ id }: Subscribed) => endLease(stores, app, id)
const timesOf = (arrivals: Delivery[]) => arrivals.map(({ at }) => at.getTime())

const PROBES = 3 // each time after it was open

suite('a subscriber that is down', { skip, concurrency: true }, () => {
  test('gets only probes, then 3, 10, 100 and the whole backlog, oldest first, and its circuit shows each state', async () => {
    const own = await subscribedApp()
    const began = Date.now()
    const events = await opened(own)
    const first = own.arrivals().length
    assert.ok(first >= FAILURES_TO_OPEN && first <= 2 * events.length, `${first} attempts`)
    events.push(...(await own.publishMany(20)), ...(await addToBacklog(own, 110)))
    await allInBacklog(own, events)
    assert.equal(own.arrivals().length, first, 'nothing is sent while the circuit is open')
    const { state, reason, waiting, failingSince = '', until = '' } = await circuitOf(own)
    assert.deepEqual([state, reason, waiting], ['open', 'answered 503', '140'])
    assert.ok(Date.parse(failingSince) >= began - 1 && Date.parse(failingSince) < Date.now())
    assert.ok(Date.parse(until) > Date.now())

    await endOpen(own)
    await eventually('probes', () => own.arrivals().length === first + PROBES)
    const byAge = events.toSorted()
    const probed = own
      .arrivals()
      .slice(first)
      .map(({ event }) => String(event?.id))
    assert.deepEqual(probed.toSorted(), byAge.slice(0, PROBES), 'the oldest')
    const { failingSince: still } = await inCircuit(own, 'open')
    assert.equal(still, failingSince)

    const delayMs = 100
    receiver.behave({ delayMs }, own.path)
    await endOpen(own)
    await waitForStates(stores, own.id, events, 'delivered', 30)
    const arrivals = own.arrivals().slice(first + PROBES)
    const times = timesOf(arrivals)
    for (const tried of [3, 13, 113]) {
      const [earlier, then] = [times.slice(0, tried), times.slice(tried)]
      assert.ok(
        Math.min(...then) >= Math.max(...earlier) + delayMs - 1, // timers count in whole ms
        `what comes after the first ${tried} comes when those are answered`,
      )
    }
    const ids = arrivals.map(({ event }) => String(event?.id))
    assert.equal(new Set(ids).size, ids.length, 'each came once after the circuit was open')
    const next = byAge.slice(PROBES, PROBES + 113) // the next probes are those after the failed ones
    const oldestFirst = [...next, ...byAge.filter((id) => !next.includes(id))]
    const isFarOff = (id: string, place: number) =>
      Math.abs(oldestFirst.indexOf(id) - place) >= SHARE
    // On a busy machine a request or two may stand still while the others overtake it.
    assert.ok(ids.filter(isFarOff).length <= ids.length / 20)
    const closed = await inCircuit(own, 'closed')
    assert.deepEqual(closed, { state: 'closed', waiting: '0' })
  })

  test('gets no request before its Retry-After', async () => {
    const own = await subscribedApp()
    const began = Date.now()
    receiver.behave({ status: 503, headers: { 'retry-after': '3600' } }, own.path)
    await own.publishMany(10)
    const { until = '' } = await inCircuit(own, 'open')
    const wait = (Date.parse(until) - began) / 1000
    assert.ok(wait >= 3600 && wait < 3700, `${wait} s`)
  })

  test('uses no step of the retry schedule for probes, which move on after a failed one, and keeps every attempt', async () => {
    const own = await subscribedApp()
    const events = await opened(own)
    const stepsOf = (records: DeliveryDocument[]) => records.map(({ attempt }) => attempt)
    const attemptsOf = (records: DeliveryDocument[]) =>
      records.map(({ attempts }) => attempts.length)
    const earlier = await recordsOf(stores, own.id)
    for (let openings = 1; openings <= 3; openings++) {
      await endOpen(own)
      const expected = attemptsOf(earlier).map((count, index) =>
        index < openings * PROBES ? count + 1 : count,
      )
      await eventually(`probes of opening ${openings}`, async () =>
        isDeepStrictEqual(attemptsOf(await recordsOf(stores, own.id)), expected),
      )
      await inCircuit(own, 'open')
      await keepOpen(own)
    }
    const probed = await recordsOf(stores, own.id)
    assert.deepEqual(stepsOf(probed), stepsOf(earlier))
    assert.ok(probed.every(({ state }) => state === 'backlog'))
    receiver.behave({}, own.path)
    await endOpen(own)
    await waitForStates(stores, own.id, events, 'delivered', 20)
  })

  test('is disabled by a 410 to a probe: its backlog dies, and events published after it is enabled again do not', async () => {
    const own = await subscribedApp()
    const events = await opened(own)
    receiver.behave({ status: 410 }, own.path)
    await endOpen(own)
    const { reason } = await inCircuit(own, 'disabled')
    assert.equal(reason, '410')
    const ends = await waitForStates(stores, own.id, events, 'dead')
    const reasons = new Set(ends.map((each) => each.reason))
    assert.deepEqual(reasons, new Set(['410', 'the subscription is disabled: 410']))

    receiver.behave({}, own.path)
    assert.equal((await own.requestSubscription()).id, own.id)
    await eventually('enabled', async () => (await circuitOf(own)).state !== 'disabled')
    const later = await own.publishMany(20)
    await waitForStates(stores, own.id, later, 'delivered')
    assert.deepEqual(await inCircuit(own, 'closed', 60), { state: 'closed', waiting: '0' })
  })

  test('has its backlog cancelled when it is deleted, even if it is created again at once', async () => {
    const own = await subscribedApp()
    const events = await opened(own)
    await own.remove(own.id)
    receiver.behave({}, own.path)
    const again = await own.subscribe()
    assert.ok(again.id > own.id)
    const ends = await waitForStates(stores, own.id, events, 'cancelled', 20)
    assert.deepEqual(
      [...new Set(ends.map((each) => each.reason))],
      ['the subscription was deleted'],
    )
    const event = await own.publish()
    await waitForState(stores, again.id, event, 'delivered')
    assert.equal(await recordOf(stores, own.id, event), undefined)
    assert.equal((await own.client.read(again.id)).circuit.state, 'closed')
  })
})
