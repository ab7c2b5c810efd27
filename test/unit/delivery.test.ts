import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  afterAttempt,
  byNewestEvent,
  cancelled,
  dead,
  ended,
  endsByMessage,
  inBacklog,
  isOpen,
  newDelivery,
  nextRun,
  nextState,
  withAttempt,
  type DeliveryDocument,
} from '../../shared/deliveries/delivery.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import type { Outcome } from '../../shared/webhooks/webhook-outcome.ts'

const NOW = 1_800_000_000
const schedule = [10, 30, 60]
const failure = (waitSeconds = 0): Outcome => ({
  kind: 'failed',
  reason: 'answered 503',
  waitSeconds,
})
const key = {
  v: 1,
  id: '019ab3ea-0000-7000-8000-000000000000',
  subscription: '7',
  consumer: '/org/ttd',
  subscriptionId: 'id',
  resource: 'urn:altinn:resource:app_ttd_apps-test',
  subject: '/party/1',
  traceparent: '00-1-2-01',
} as const
const fresh: DeliveryDocument = { ...key, state: 'backlog', run: 0, attempt: 0, attempts: [] }
const waiting: DeliveryDocument = { ...fresh, state: 'waiting', due: NOW, redrives: 3 }
const latest = { at: '2026-11-24T12:00:00Z', ms: 5, status: 503, answer: 'a'.repeat(4096) }
const recorded = { latest, nowSeconds: NOW, repairAfterSeconds: 45 }

/** What becomes of a delivery after a failure at a step of the retry schedule, so long after its first attempt. */
const failedAt = (attempt: number, { asked = 0, chance = 0, after = 0 } = {}) =>
  nextState({ attempt, firstAttempt: NOW - after }, failure(asked), schedule, NOW, chance)

test('a new delivery is in the backlog, at the first step of its first run', () => {
  const event: EventDocument = {
    v: 1,
    id: key.id,
    resource: key.resource,
    subject: key.subject,
    traceparent: key.traceparent,
    event: {
      specversion: '1.0',
      id: key.id,
      time: '2026-11-24T12:00:00Z',
      source: 'https://ttd.apps.altinn.no/ttd/apps-test',
      subject: key.subject,
      type: 'app.instance.created',
      resource: key.resource,
    },
  }
  const subscriber = { number: 7, consumer: key.consumer, id: key.subscriptionId }
  assert.deepEqual(newDelivery(event, subscriber), fresh)
})

test('a wait is its step, and up to a quarter more at random', () => {
  for (const [step, seconds] of schedule.entries()) {
    assert.deepEqual(failedAt(step), { state: 'waiting', waitSeconds: seconds })
    assert.deepEqual(failedAt(step, { chance: 1 }), {
      state: 'waiting',
      waitSeconds: seconds * 1.25,
    })
  }
})

test('a wait is longer when the subscriber asks for it, never shorter', () => {
  const wait = (asked: number) => Object(failedAt(1, { asked })).waitSeconds
  assert.deepEqual([0, 29, 31, 86_400].map(wait), [30, 30, 31, 86_400])
})

test('a delivery dies at the end of its schedule, after the schedule’s whole time', () => {
  const given = { state: 'dead', reason: 'gave up after 4 attempts: answered 503' }
  assert.deepEqual(failedAt(3, { after: 100 }), given)
  assert.deepEqual(failedAt(3, { after: 101 }), given)
  assert.deepEqual(failedAt(3, { after: 99 }), { state: 'waiting', waitSeconds: 1 })
  assert.deepEqual(failedAt(3, { after: 20 }), { state: 'waiting', waitSeconds: 80 })
  assert.deepEqual(failedAt(2, { after: 10_000 }), { state: 'waiting', waitSeconds: 60 })
})

test('the schedule’s time counts from this attempt if it is the first', () => {
  const after = (attempt: number, steps: number[]) =>
    nextState({ attempt }, failure(), steps, NOW, 0)
  assert.deepEqual(after(1, [10]), { state: 'waiting', waitSeconds: 10 })
  assert.equal(after(0, []).state, 'dead')
})

test('a 2xx is delivered; a 410 ends the delivery at once, as delivered if it arrived', () => {
  const after = (outcome: Outcome) => nextState({ attempt: 0 }, outcome, schedule, NOW, 0)
  const gone = { kind: 'gone', reason: '410' } as const
  assert.deepEqual(after({ kind: 'delivered' }), { state: 'delivered' })
  assert.deepEqual(after({ ...gone, arrived: true }), { state: 'delivered' })
  assert.deepEqual(after({ ...gone, arrived: false }), { state: 'dead', reason: '410' })
})

test('a failure counts the attempt, and sets `due` after the time of the message', () => {
  const next = { state: 'waiting', waitSeconds: 59.5 } as const
  assert.deepEqual(afterAttempt(waiting, next, recorded), {
    ...key,
    state: 'waiting',
    run: 0,
    attempt: 1,
    firstAttempt: NOW,
    due: NOW + 105,
    attempts: [latest],
  })
})

test('a wait over a minute has no message, and is due for the sweep', () => {
  assert.deepEqual([60, 60.5].map(endsByMessage), [true, false])
  const after = afterAttempt(fresh, { state: 'waiting', waitSeconds: 60.5 }, recorded)
  assert.deepEqual([after.state, after.due], ['waiting', NOW + 61])
})

test('keeps the time of the first attempt', () => {
  const tried = withAttempt({ ...fresh, firstAttempt: NOW - 9 }, latest, NOW)
  assert.equal(tried.firstAttempt, NOW - 9)
  assert.equal(withAttempt(fresh, latest, NOW).firstAttempt, NOW)
})

test('a probe uses no step of the schedule, and its record keeps its state', () => {
  assert.deepEqual(withAttempt({ ...fresh, redrives: 1 }, latest, NOW), {
    ...fresh,
    firstAttempt: NOW,
    attempts: [latest],
  })
})

test('keeps 4 KB of the last answer, 200 characters of earlier ones, and 50 attempts', () => {
  const none = { at: latest.at, ms: 1, failure: 'refused: ECONNREFUSED' }
  const twice = withAttempt(withAttempt(withAttempt(fresh, none, NOW), latest, NOW), latest, NOW)
  assert.deepEqual(twice.attempts, [none, { ...latest, answer: 'a'.repeat(200) }, latest])
  const earlier = Array.from({ length: 50 }, (_, ms) => ({ ...none, ms }))
  const { attempts } = withAttempt({ ...fresh, attempts: earlier }, latest, NOW)
  assert.deepEqual(attempts, [...earlier.slice(1), latest])
})

test('a delivery that is over has no `due`; a dead one has its date', () => {
  const tried = { ...fresh, firstAttempt: NOW, attempts: [latest] }
  assert.deepEqual(afterAttempt(waiting, { state: 'delivered' }, recorded), {
    ...tried,
    state: 'delivered',
  })
  assert.deepEqual(afterAttempt(waiting, { state: 'dead', reason: '410' }, recorded), {
    ...tried,
    state: 'dead',
    reason: '410',
    deadAt: NOW,
  })
  assert.deepEqual(ended(waiting, 'delivered'), { ...fresh, state: 'delivered' })
  assert.deepEqual(cancelled(waiting, 'deleted'), {
    ...fresh,
    state: 'cancelled',
    reason: 'deleted',
  })
})

test('a delivery in the backlog has no `due`', () => {
  assert.deepEqual(inBacklog({ ...waiting, attempt: 2 }), { ...fresh, attempt: 2 })
})

test('waiting deliveries are open, ended ones are not', () => {
  for (const state of ['waiting', 'backlog'] as const) assert.equal(isOpen({ state }), true)
  for (const state of ['delivered', 'dead', 'cancelled'] as const)
    assert.equal(isOpen({ state }), false)
})

test('a replay starts the next run at its first step, and keeps earlier attempts', () => {
  const tried = { ...waiting, run: 1, attempt: 3, firstAttempt: NOW - 100, attempts: [latest] }
  const over = dead(tried, 'gave up', NOW)
  assert.deepEqual(nextRun(over), { ...fresh, run: 2, attempts: [latest] })
})

test('deliveries are listed by their events, the newest first', () => {
  const listed = ['b', 'c', 'a'].map((id) => ({ id })).toSorted(byNewestEvent)
  assert.deepEqual(
    listed.map(({ id }) => id),
    ['c', 'b', 'a'],
  )
})
