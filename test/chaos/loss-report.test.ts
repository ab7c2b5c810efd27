import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBroken, lossReport, type LossResults } from '../../proof/loss-report.ts'
import type { OutageResult } from './outage.ts'
import type { LossResult } from './result.ts'

const size = { events: 100, seconds: 10, kills: 3, faultShare: 0.01, hasDownSubscriber: true }
const latencies = { p50: 100, p99: 60_000, p999: 90_000, count: 100, late: 0 }
const baseline: LossResult = {
  seed: 1,
  size: { ...size, kills: 0, faultShare: 0 },
  profile: 'as deployed',
  seconds: 10,
  faults: 0,
  kills: 0,
  crashes: 0,
  accepted: 100,
  refused: 0,
  answers: { 201: 100 },
  expected: 250,
  delivered: 250,
  duplicates: 0,
  dead: 0,
  lost: [],
  duplicateKeys: 0,
  invalidSignatures: 0,
  healthy: latencies,
  all: latencies,
  slowest: [],
  messagesPerEvent: 1,
  messagesPerDelivery: 1.1,
}
const seeded: LossResult = { ...baseline, size, faults: 20, kills: 3 }
const outage: OutageResult = {
  store: 'cosmos',
  profile: 'hurried',
  seconds: 24,
  accepted: 100,
  refusedSmall: 0,
  refusedLarge: 5,
  answers: { 201: 100, 503: 5 },
  slowestRefusal: 3000,
  missingRetryAfter: 0,
  expected: 100,
  delivered: 100,
  dead: 0,
  lost: [],
  duplicates: 0,
  crashes: 0,
  drainSeconds: 5,
  messagesPerEvent: 1,
  messagesPerDelivery: 1,
  heapBefore: 150_000_000,
  heapAfter: 151_000_000,
}
const resultsWith = (
  run: Partial<LossResult> = {},
  outageChanges: Partial<OutageResult> = {},
): LossResults => ({
  at: '2026-01-01T00:00:00.000Z',
  baseline,
  runs: [{ ...seeded, ...run }],
  outages: [{ ...outage, ...outageChanges }],
  canFaultCosmos: true,
})

test('a complete run without loss passes and meets every aim', () => {
  assert.equal(isBroken(resultsWith()), false)
  assert.doesNotMatch(lossReport(resultsWith()), /missed|NaN|undefined/)
})

const broken: [what: string, run: Partial<LossResult>][] = [
  ['an event is lost', { lost: ['an event'] }],
  ['no event is accepted', { accepted: 0 }],
  ['no process is killed', { kills: 0 }],
  ['no fault happens', { faults: 0 }],
  ['a process crashes', { crashes: 1 }],
  ['an idempotency key becomes two events', { duplicateKeys: 1 }],
  ['a signature is invalid', { invalidSignatures: 1 }],
]
for (const [what, run] of broken)
  test(`a run fails when ${what}`, () => assert.equal(isBroken(resultsWith(run)), true))

const missed: [aim: RegExp, run: Partial<LossResult>, outageChanges?: Partial<OutageResult>][] = [
  [/At most 3 messages/, { messagesPerEvent: 9 }],
  [/p99.9 at most 120 s .*later: 1 of 100/, { healthy: { ...latencies, late: 1 } }],
  [/a 503 within 4 s/, {}, { answers: { 201: 100, 500: 5 } }],
  [/a 503 within 4 s/, {}, { answers: { 201: 100 } }],
  [/a 503 within 4 s/, {}, { slowestRefusal: 20_000 }],
]
for (const [index, [aim, ...changes]] of missed.entries())
  test(`reports a missed aim: ${aim.source}, ${index + 1}`, () => {
    const lines = lossReport(resultsWith(...changes)).split('\n')
    const aims = lines.filter((line) => line.includes('**missed**'))
    assert.equal(aims.length, 1)
    assert.match(aims[0] ?? '', aim)
  })
