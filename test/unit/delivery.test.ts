import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  afterAttempt,
  nextRun,
  ended,
  endsByMessage,
  nextState,
  nowSeconds,
  type DeliveryDocument,
} from '../../shared/deliveries/delivery.ts'
import type { Outcome } from '../../shared/webhooks/webhook-outcome.ts'

const ladder = [10, 30, 60]
const failure = (waitSeconds = 0): Outcome => ({
  kind: 'failed',
  reason: 'answered 503',
  waitSeconds,
})
const waiting: DeliveryDocument = {
  v: 1,
  id: '019ab3ea-0000-7000-8000-000000000000',
  subscription: '1',
  consumer: '/org/ttd',
  subscriptionId: 'id',
  resource: 'urn:altinn:resource:app_ttd_apps-test',
  subject: '/party/1',
  state: 'waiting',
  run: 0,
  attempt: 0,
  due: 1,
  redrives: 3,
  attempts: [],
  traceparent: '',
}
const attempt = { at: '2026-11-24T12:00:00Z', ms: 5, status: 503, answer: 'a'.repeat(4096) }

test('a delivery waits as long as its step, and up to a quarter more by chance', () => {
  for (const [step, seconds] of ladder.entries()) {
    assert.deepEqual(nextState(step, failure(), ladder, 0), {
      state: 'waiting',
      waitSeconds: seconds,
    })
    assert.deepEqual(nextState(step, failure(), ladder, 1), {
      state: 'waiting',
      waitSeconds: seconds * 1.25,
    })
  }
})

test('it waits longer where the answer asks for it, never shorter', () => {
  const wait = (asked: number) => Object(nextState(1, failure(asked), ladder, 0)).waitSeconds
  assert.deepEqual([0, 29, 31, 86_400].map(wait), [30, 30, 31, 86_400])
})

test('the ladder’s end is the delivery’s, and 410 is at once', () => {
  assert.deepEqual(nextState(3, failure(), ladder), {
    state: 'dead',
    reason: 'gave up after 4 attempts: answered 503',
  })
  assert.deepEqual(nextState(0, { kind: 'gone', reason: '410', arrived: false }, ladder), {
    state: 'dead',
    reason: '410',
  })
})

test('the record after a failure counts the attempt, and is the sweep’s after the message’s time', () => {
  const after = afterAttempt(waiting, { state: 'waiting', waitSeconds: 60 }, attempt, 45)
  assert.equal(after.attempt, 1)
  assert.equal(after.redrives, 0)
  assert.ok(Math.abs((after.due ?? 0) - nowSeconds() - 105) <= 3)
})

test('a wait over a minute has no message, and is the sweep’s at its time', () => {
  assert.deepEqual([60, 61].map(endsByMessage), [true, false])
  const after = afterAttempt(waiting, { state: 'waiting', waitSeconds: 61 }, attempt, 45)
  assert.ok(Math.abs((after.due ?? 0) - nowSeconds() - 61) <= 3)
})

test('the last answer is kept to 4 KB, earlier ones to 200 characters', () => {
  const next = { state: 'waiting', waitSeconds: 1 } as const
  const twice = afterAttempt(afterAttempt(waiting, next, attempt, 1), next, attempt, 1)
  assert.deepEqual(
    twice.attempts.map(({ answer }) => answer?.length),
    [200, 4096],
  )
})

test('what is over is the sweep’s no more; a dead one is dated for the gauge', () => {
  assert.equal('due' in afterAttempt(waiting, { state: 'delivered' }, attempt, 1), false)
  assert.equal('due' in ended(waiting, 'cancelled', 'deleted'), false)
  const dead = afterAttempt(waiting, { state: 'dead', reason: '410' }, attempt, 1)
  assert.ok(Math.abs((dead.due ?? 0) + nowSeconds()) <= 3)
  assert.equal(dead.reason, '410')
})

test('a replayed record is the next run, from its first attempt, with the earlier ones to be seen', () => {
  const dead = ended({ ...waiting, attempt: 3, attempts: [attempt] }, 'dead', 'gave up')
  const { reason, ...anew } = { reason: undefined, ...nextRun(dead, 7) }
  assert.equal(reason, undefined)
  assert.deepEqual(anew, { ...waiting, run: 1, redrives: 0, due: 7, attempts: [attempt] })
})
