import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBroken, lossReport, type Lost } from '../../proof/loss-report.ts'
import type { OutageRow } from './outage.ts'
import type { LossRow } from './result.ts'

const size = { events: 100, seconds: 10, kills: 3, faultShare: 0.01, isDown: true }
const waits = { p50: 100, p99: 60_000, p999: 90_000, count: 100, late: 0 }
const well: LossRow = {
  seed: 1,
  size: { ...size, kills: 0, faultShare: 0 },
  times: 'as deployed',
  seconds: 10,
  faults: 0,
  kills: 0,
  crashes: 0,
  accepted: 100,
  refused: 0,
  answers: { 201: 100 },
  owed: 250,
  delivered: 250,
  duplicates: 0,
  dead: 0,
  lost: [],
  doubled: 0,
  unsigned: 0,
  well: waits,
  all: waits,
  slowest: [],
  messagesPerEvent: 1,
  messagesPerDelivery: 1.1,
}
const seeded: LossRow = { ...well, size, faults: 20, kills: 3 }
const outage: OutageRow = {
  store: 'cosmos',
  times: 'hurried',
  seconds: 24,
  accepted: 100,
  refusedSmall: 0,
  refusedLarge: 5,
  answers: { 201: 100, 503: 5 },
  slowestRefusal: 3000,
  silent503: 0,
  owed: 100,
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
const found = (run: Partial<LossRow> = {}, down: Partial<OutageRow> = {}): Lost => ({
  at: '2026-01-01T00:00:00.000Z',
  well,
  runs: [{ ...seeded, ...run }],
  outages: [{ ...outage, ...down }],
  cosmosHasFaults: true,
})

test('a run as planned, with nothing lost, is whole, and every aim is met', () => {
  assert.equal(isBroken(found()), false)
  assert.doesNotMatch(lossReport(found()), /missed|NaN|undefined/)
})

const broken: [what: string, run: Partial<LossRow>][] = [
  ['something is lost', { lost: ['an event'] }],
  ['nothing is accepted', { accepted: 0 }],
  ['nobody was killed', { kills: 0 }],
  ['nothing went wrong', { faults: 0 }],
  ['a process ended by itself', { crashes: 1 }],
  ['a key became two events', { doubled: 1 }],
  ['a signature does not hold', { unsigned: 1 }],
]
for (const [what, run] of broken)
  test(`a run is broken where ${what}`, () => assert.equal(isBroken(found(run)), true))

const missed: [aim: RegExp, run: Partial<LossRow>, down?: Partial<OutageRow>][] = [
  [/At most 3 messages/, { messagesPerEvent: 9 }],
  [/p99.9 at most 120 s .*later: 1 of 100/, { well: { ...waits, late: 1 } }],
  [/a 503 within 4 s/, {}, { answers: { 201: 100, 500: 5 } }],
  [/a 503 within 4 s/, {}, { answers: { 201: 100 } }],
  [/a 503 within 4 s/, {}, { slowestRefusal: 20_000 }],
]
for (const [index, [aim, ...changes]] of missed.entries())
  test(`an aim is missed, and said to be: ${aim.source}, ${index + 1}`, () => {
    const lines = lossReport(found(...changes)).split('\n')
    const aims = lines.filter((line) => line.includes('**missed**'))
    assert.equal(aims.length, 1)
    assert.match(aims[0] ?? '', aim)
  })
