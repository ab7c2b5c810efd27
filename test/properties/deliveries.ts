import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  afterAttempt,
  isOpen,
  nextRun,
  nextState,
  withAttempt,
  type DeliveryDocument,
} from '../../shared/deliveries/delivery.ts'
import { attemptOf, outcomeOf, type Answer } from '../../shared/webhooks/webhook-outcome.ts'
import { property, type Generated } from './property.ts'
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
const schedule = fc
  .array(fc.integer({ min: 0, max: 7 * DAY }), { maxLength: 13 })
  .map((steps) => steps.toSorted((a, b) => a - b))
const chance = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })

const START = Date.parse('2026-01-01') / 1000
const key = {
  v: 1,
  id: '019b0000-0000-7000-8000-000000000000',
  subscription: '7',
  consumer: '/org/ttd',
  subscriptionId: 'a',
  resource: 'urn:altinn:resource:app_ttd_apps-test',
  subject: '/party/1',
  traceparent: '00-1-2-01',
} as const
const first: DeliveryDocument = { ...key, state: 'backlog', run: 0, attempt: 0, attempts: [] }

/** An attempt: what is answered, how long after the one before, whether the retry schedule is used, and by which chance. */
const happening = fc.record({
  answer,
  afterSeconds: fc.oneof(fc.nat({ max: 100 }), fc.nat({ max: 2 * DAY })),
  isProbe: fc.nat({ max: 4 }).map((each) => each === 0),
  chance,
})
type Happening = Generated<typeof happening>

interface Moment {
  record: DeliveryDocument
  nowSeconds: number
}

/** What must be true of a record at any time, whatever has become of it. */
function requireSound({ record, nowSeconds }: Moment, steps: readonly number[]): void {
  const { state, due, attempt, run, attempts, reason, redrives, deadAt, firstAttempt, ...rest } =
    record
  assert.deepEqual(JSON.parse(JSON.stringify(record)), record)
  assert.deepEqual(rest, key)
  assert.equal(due !== undefined, state === 'waiting')
  if (due !== undefined) assert.ok(Number.isInteger(due) && due >= nowSeconds)
  assert.deepEqual(
    [reason !== undefined, deadAt],
    state === 'dead' ? [true, nowSeconds] : [false, undefined],
  )
  assert.equal(redrives, undefined, 'an attempt was made')
  assert.equal(firstAttempt === undefined, record === first)
  assert.ok(attempt >= 0 && run >= 0)
  assert.ok(attempts.slice(0, -1).every((each) => (each.answer ?? '').length <= 200))
  if (reason?.startsWith('gave up') === true) {
    const whole = steps.reduce((sum, step) => sum + step, 0)
    assert.ok(attempt >= steps.length, 'at the retry schedule’s end')
    assert.ok(nowSeconds - (firstAttempt ?? nowSeconds) >= whole, 'when its whole time has passed')
  }
}

/** The record of a delivery that has met these answers in turn; where it was over, it was sent again. */
function lifeOf(steps: number[], happenings: Happening[]): Moment[] {
  const moments: Moment[] = [{ record: first, nowSeconds: START }]
  let [last, nowSeconds] = [first, START]
  for (const { answer: given, afterSeconds, isProbe, chance: luck } of happenings) {
    nowSeconds += afterSeconds
    const delivery = isOpen(last) ? last : nextRun(last)
    const outcome = outcomeOf(given, nowSeconds * 1000)
    const latest = attemptOf(given, nowSeconds * 1000)
    const next = nextState(delivery, outcome, steps, nowSeconds, luck)
    const recorded = { latest, nowSeconds, repairAfterSeconds: 60 }
    last =
      isProbe && outcome.kind === 'failed' && delivery.state === 'backlog'
        ? withAttempt(delivery, latest, nowSeconds)
        : afterAttempt(delivery, next, recorded)
    moments.push({ record: last, nowSeconds })
  }
  return moments
}
const life = fc.tuple(schedule, fc.array(happening, { maxLength: 60 }))

/** A record as it may be found in the store. */
export const deliveryRecord = life.map(
  ([steps, happenings]) => lifeOf(steps, happenings).at(-1)?.record ?? first,
)

function liveThrough([steps, happenings]: Generated<typeof life>): void {
  for (const [index, moment] of lifeOf(steps, happenings).entries()) {
    assert.equal(moment.record.attempts.length, Math.min(index, 50))
    assert.ok(JSON.stringify(moment.record).length < 200_000)
    requireSound(moment, steps)
  }
}

/** Fails at the end of every wait: each wait is right, and the end comes at the retry schedule's, with its whole time. */
function failThrough([steps, chances, waitSeconds]: [number[], number[], number]): void {
  const failed = { kind: 'failed', waitSeconds, reason: 'x' } as const
  const whole = steps.reduce((sum, step) => sum + step, 0)
  let nowSeconds = START
  for (const [attempt, luck] of chances.entries()) {
    const next = nextState({ attempt, firstAttempt: START }, failed, steps, nowSeconds, luck)
    if (next.state !== 'waiting') {
      assert.deepEqual([next.state, attempt], ['dead', steps.length])
      return assert.ok(nowSeconds - START >= whole)
    }
    const step = steps[attempt] ?? NaN
    assert.ok(next.waitSeconds >= Math.max(waitSeconds, step))
    assert.ok(next.waitSeconds <= Math.max(waitSeconds, step * 1.25))
    nowSeconds += next.waitSeconds
  }
  assert.fail('it did not end')
}

export const deliveryProperties = [
  property(
    'a wait is its step or what the subscriber asked for, plus a quarter at most; the schedule ends in time',
    60,
    fc.tuple(
      schedule,
      fc.array(chance, { minLength: 14, maxLength: 14 }),
      fc.nat({ max: 100_000 }),
    ),
    failThrough,
  ),
  property('every answer has an outcome, and no wait is longer than a day', 60, answer, (given) => {
    const outcome = outcomeOf(given, Date.now())
    const isGood = given.kind === 'answered' && given.status >= 200 && given.status < 300
    assert.equal(
      outcome.kind === 'delivered' || (outcome.kind === 'gone' && outcome.arrived),
      isGood,
    )
    if (outcome.kind === 'failed') assert.ok(outcome.waitSeconds >= 0 && outcome.waitSeconds <= DAY)
  }),
  property(
    'a delivery’s record stays valid, and dies only at the end of its schedule and of its time',
    40,
    life,
    liveThrough,
  ),
]
