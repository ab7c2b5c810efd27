// `npm run bench:match`: measures finding the subscribers of an event, compared with one look-up in a Map of the same
// size and with a scan of all subscriptions; the memory per subscription; and loading subscriptions from the store.
import { setImmediate as turn } from 'node:timers/promises'
import { metOrMissed, sendResult } from '../support/bench-result.ts'
import { documentOf, eventFor } from './data.ts'
import { measureLoading } from './load.ts'
import {
  createLookup,
  REPETITIONS,
  requireSameMatches,
  createScan,
  timeEvents,
  measureMemory,
} from './time.ts'
import { median, withSpread } from '../support/statistics.ts'

const AIM_NS = 1000
const AIM_BYTES = 500
const EVENTS = 10_000
const MATCHED = 50_000 // subscriptions to the resources of the events that a repetition matches
const SCANNED = 3_000_000 // subscriptions that all repetitions of the scan look at
const FEW_RESOURCES = 200
const LARGEST = 100_000

type Result = ReturnType<typeof measure>

function measure(count: number, resources: number) {
  console.log(`${count} subscriptions to ${resources} resources …`)
  const documents = Array.from({ length: count }, (_, i) => documentOf(i + 1, resources))
  const { matcher, milliseconds, bytes } = measureMemory(
    documents.map((each) => JSON.stringify(each)),
  )
  const texts = Array.from({ length: EVENTS }, (_, i) =>
    JSON.stringify(eventFor(1 + ((i * 7919) % count), resources)),
  )
  const matched = texts.slice(0, (MATCHED * resources) / count)
  const scanTexts = texts.slice(0, Math.max(20, SCANNED / REPETITIONS / count))
  const scan = createScan(documents)
  requireSameMatches(scanTexts, matcher, scan)
  return {
    count,
    resources,
    bytes,
    milliseconds,
    indexed: timeEvents(matched, ({ event, alternative, accepted }) =>
      matcher.match(event, alternative, accepted),
    ),
    scanned: timeEvents(scanTexts, scan),
    floor: timeEvents(texts, createLookup(documents)),
  }
}

function cellsOf({
  count,
  resources,
  bytes,
  milliseconds,
  indexed,
  scanned,
  floor,
}: Result): string[] {
  const isMet = median(indexed.nanoseconds) <= AIM_NS && bytes <= AIM_BYTES
  return [
    String(count),
    String(resources),
    indexed.hits.toFixed(1),
    ...[indexed, floor, scanned].map(({ nanoseconds }) => withSpread(nanoseconds)),
    `${(median(indexed.nanoseconds) / median(floor.nanoseconds)).toFixed(1)} ×`,
    `${(median(scanned.nanoseconds) / median(indexed.nanoseconds)).toFixed(0)} ×`,
    bytes.toFixed(0),
    milliseconds.toFixed(0),
    metOrMissed(isMet),
  ]
}

function sendResults(rows: Result[]): void {
  const largest = rows.find(({ count }) => count === LARGEST)
  if (largest === undefined) return
  const of = ({ indexed, floor, scanned }: Result) => ({
    'the index': median(indexed.nanoseconds),
    'one look-up in a Map': median(floor.nanoseconds),
    'a scan': median(scanned.nanoseconds),
  })
  const ratios = (peer: 'floor' | 'scanned') =>
    largest.indexed.nanoseconds.map((ns, i) => ns / (largest[peer].nanoseconds[i] ?? NaN))
  const at = `at ${LARGEST} subscriptions`
  const growing = rows.filter(
    ({ resources }, i) => rows[i - 1]?.count !== LARGEST || resources > FEW_RESOURCES,
  )
  sendResult(
    [
      {
        what: `matching, ${at}`,
        unit: 'ns',
        values: largest.indexed.nanoseconds,
        aim: { atMost: AIM_NS },
      },
      { what: `matching / one look-up in a Map, ${at}`, unit: '×', values: ratios('floor') },
      { what: `matching / a scan, ${at}`, unit: '×', values: ratios('scanned') },
      {
        what: `a subscription in memory, ${at}`,
        unit: 'bytes',
        values: [largest.bytes],
        aim: { atMost: AIM_BYTES },
      },
    ],
    (['the index', 'one look-up in a Map', 'a scan'] as const).map((name) => ({
      chart: 'matching',
      name,
      points: growing.map((row) => [String(row.count), of(row)[name]]),
    })),
  )
}

function printTable(title: string, rows: string[][]): void {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? []
  console.log(`\n${title}`)
  for (const row of rows)
    console.log(row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join('   '))
}

const sizes: [count: number, resources: number][] = [
  [1000, FEW_RESOURCES],
  [10_000, 2000],
  [LARGEST, 20_000],
  [LARGEST, FEW_RESOURCES],
]
const rows: Result[] = []
for (const size of sizes) {
  rows.push(measure(...size))
  await turn()
}
const loading = await measureLoading()
const heads = [
  'subscriptions',
  'resources',
  'hits',
  'match, ns',
  'one look-up, ns',
  'scan, ns',
  'match / look-up',
  'scan / match',
]
printTable(
  `Matching an event: median of ${REPETITIONS} repetitions (lowest–highest). Aims: ${AIM_NS} ns, ${AIM_BYTES} bytes`,
  [[...heads, 'bytes each', 'filling, ms', 'aims'], ...rows.map(cellsOf)],
)
printTable(
  'Loading from the store (strict emulator; RU by the published prices), and a check when nothing changed',
  [
    ['subscriptions', 'bytes', 'load, ms', 'requests', 'RU', 'check, ms', 'requests', 'RU'],
    ...loading,
  ],
)
console.log(
  'The emulator looks at every document for each page, so 100,000 are extrapolated by the page, and their time is an upper bound.',
)
sendResults(rows)
