import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  afterAttempt,
  nextRun,
  nextState,
  type DeliveryDocument,
} from '../../shared/deliveries/delivery.ts'
import {
  afterFailure,
  afterSuccess,
  createSightings,
  nextRelease,
  recovered,
} from '../../shared/subscriptions/circuit-breaker.ts'
import type { SubscriptionDocument } from '../../shared/subscriptions/subscription.ts'
import { attemptOf, outcomeOf, type Answer } from '../../shared/webhooks/webhook-outcome.ts'
import { property } from './property.ts'
import { oddText, soundText } from './values.ts'

const DAY = 86_400
const retryAfter = fc.oneof(
  oddText,
  fc.integer({ min: -10, max: 200_000 }).map(String),
  fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
)
const answer: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({
    kind: fc.constant('answered'),
    status: fc.integer({ min: 100, max: 599 }),
    headers: fc.record(
      {
        retryAfter,
        webhookDelivery: fc.oneof(fc.constantFrom('disable', ' DISABLE ', 'enable'), oddText),
      },
      { requiredKeys: [] },
    ),
    body: soundText,
    ms: fc.nat({ max: 60_000 }),
  }),
  fc.record({
    kind: fc.constant('failed'),
    reason: fc.constantFrom('timeout', 'refused', 'reset', 'dns', 'tls', 'address', 'other'),
    detail: soundText,
    ms: fc.nat({ max: 60_000 }),
  }),
)
const ladder = fc
  .array(fc.integer({ min: 0, max: 7 * DAY }), { maxLength: 13 })
  .map((steps) => steps.toSorted((a, b) => a - b))
const chance = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })

const first: DeliveryDocument = {
  v: 1,
  id: '019b0000-0000-7000-8000-000000000000',
  subscription: '7',
  consumer: '/org/ttd',
  subscriptionId: 'a',
  resource: 'urn:altinn:resource:app_ttd_apps-test',
  subject: '/party/1',
  state: 'waiting',
  run: 0,
  attempt: 0,
  due: 1,
  redrives: 2,
  attempts: [],
  traceparent: '00-1-2-01',
}

/** What must be true of a record at any time, whatever has become of it. */
function requireSound(delivery: DeliveryDocument, steps: readonly number[]): void {
  const { state, due, attempt, run, attempts, reason, redrives, ...key } = delivery
  assert.deepEqual(JSON.parse(JSON.stringify(delivery)), delivery)
  assert.deepEqual({ ...first, ...key }, first)
  assert.equal(Math.sign(due ?? 0), { waiting: 1, dead: -1, delivered: 0, cancelled: 0 }[state])
  assert.equal(typeof reason === 'string', state === 'dead')
  assert.ok(attempt <= steps.length && run >= 0 && redrives >= 0 && Number.isInteger(due ?? 0))
  assert.ok(attempts.slice(0, -1).every((each) => (each.answer ?? '').length <= 200))
}

/** The record of a delivery that has met these answers in turn; where its ladder ended, it was sent again. */
function lifeOf(steps: number[], answers: Answer[]): DeliveryDocument[] {
  const records = [first]
  for (const each of answers) {
    const last = records.at(-1) ?? first
    const delivery = last.state === 'waiting' ? last : nextRun(last, 1)
    const next = nextState(delivery.attempt, outcomeOf(each, Date.now()), steps)
    records.push(afterAttempt(delivery, next, attemptOf(each), 60))
  }
  return records
}
const life = fc.tuple(ladder, fc.array(answer, { maxLength: 60 }))

/** A record as it may be found in the store. */
export const deliveryRecord = life.map(([steps, answers]) => lifeOf(steps, answers).at(-1) ?? first)

function liveThrough([steps, answers]: [number[], Answer[]]): void {
  for (const [index, record] of lifeOf(steps, answers).entries()) {
    assert.equal(record.attempts.length, Math.min(index, 50))
    assert.ok(JSON.stringify(record).length < 200_000)
    requireSound(record, steps)
  }
}

const subscription: SubscriptionDocument = {
  v: 1,
  id: 'a',
  consumer: '/org/ttd',
  number: 7,
  endpoint: 'https://example.no',
  filters: { resource: 'urn:altinn:resource:app_ttd_apps-test' },
  createdBy: '/org/ttd',
  created: '2026-01-01T00:00:00.000Z',
  secrets: [],
}
const happening = fc.record({
  ok: fc.boolean(),
  probe: fc.boolean(),
  afterSeconds: fc.integer({ min: 0, max: 2 * DAY }),
})

/** As the sweep leaves a subscription whose pause is over: so many let out, then none held back. */
function released(current: SubscriptionDocument, nowMs: number): SubscriptionDocument {
  if (current.pausedUntil === undefined || current.pausedUntil > nowMs / 1000) return current
  const count = nextRelease(current)
  if (count === 'all') return recovered(current)
  return { ...current, released: count, pausedUntil: Math.floor(nowMs / 1000) + 15 }
}

function liveOn(happenings: { ok: boolean; probe: boolean; afterSeconds: number }[]): void {
  const sightings = createSightings()
  let [now, current] = [Date.parse('2026-01-01'), subscription]
  let inRow = 0
  for (const { ok, probe, afterSeconds } of happenings) {
    now += afterSeconds * 1000
    const before = (current = released(current, now))
    const seen = sightings.note(7, ok, now)
    inRow = ok ? 0 : inRow + 1
    current = (ok ? afterSuccess(current, now) : afterFailure(current, seen, probe, now)) ?? current
    if (ok) assert.equal(current.failingSince, undefined)
    const since = Date.parse(before.failingSince ?? '')
    if (!ok && now - since > 5 * DAY * 1000) assert.ok(current.disabled !== undefined)
    else if (inRow > 0 && inRow % 5 === 0) assert.ok((current.pausedUntil ?? 0) > now / 1000 - 1)
    else if (!ok && probe && before.released === 1) assert.equal(current.released, 0)
    if (current.pausedUntil !== undefined) assert.ok(current.pausedUntil <= now / 1000 + 3600)
    if (current.disabled !== undefined && before.disabled === undefined)
      assert.ok(now - Date.parse(before.failingSince ?? '') > 5 * DAY * 1000)
    assert.ok([1, 10, 100, 'all'].includes(nextRelease(current)))
    assert.deepEqual(recovered(current), subscription)
  }
}

export const deliveryProperties = [
  property(
    'a wait is its step or as long as was asked for, and a quarter more at most; the ladder ascends and ends',
    60,
    fc.tuple(ladder, fc.array(chance, { minLength: 14, maxLength: 14 }), fc.nat({ max: 100_000 })),
    ([steps, chances, waitSeconds]) => {
      let least = 0
      for (const [attempt, luck] of chances.entries()) {
        const next = nextState(attempt, { kind: 'failed', waitSeconds, reason: 'x' }, steps, luck)
        if (next.state !== 'waiting')
          return assert.deepEqual([next.state, attempt], ['dead', steps.length])
        const step = steps[attempt] ?? NaN
        const shortest = Math.max(waitSeconds, step)
        assert.ok(next.waitSeconds >= shortest)
        assert.ok(next.waitSeconds <= Math.max(waitSeconds, step * 1.25))
        assert.ok(shortest >= least)
        least = shortest
      }
      assert.fail('it did not end')
    },
  ),
  property(
    'every answer means something, and no wait is longer than a day',
    60,
    answer,
    (given) => {
      const outcome = outcomeOf(given, Date.now())
      const isGood = given.kind === 'answered' && given.status >= 200 && given.status < 300
      assert.equal(
        outcome.kind === 'delivered' || (outcome.kind === 'gone' && outcome.arrived),
        isGood,
      )
      if (outcome.kind === 'failed')
        assert.ok(outcome.waitSeconds >= 0 && outcome.waitSeconds <= DAY)
    },
  ),
  property(
    'the record of a delivery stays sound through every life it can have',
    40,
    life,
    liveThrough,
  ),
  property(
    'a subscriber is paused, released and disabled by the rules, whatever happens',
    40,
    fc.array(happening, { maxLength: 40 }),
    liveOn,
  ),
]
