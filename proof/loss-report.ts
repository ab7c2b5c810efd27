import { LATE_MS } from '../test/chaos/expected-deliveries.ts'
import type { OutageRow } from '../test/chaos/outage.ts'
import type { LossRow } from '../test/chaos/result.ts'

/** All that a run of `proof:loss` has found. */
export interface Lost {
  at: string
  /** Where nothing goes wrong. */
  well: LossRow
  /** A run for each seed. */
  runs: LossRow[]
  outages: OutageRow[]
  /** False where Cosmos DB was one that no faults could be made for. */
  cosmosHasFaults: boolean
}

const LEAST_ACCEPTED = 0.9
const LATE_SHARE = 0.001
const AIM_MESSAGES = 3
const AIM_503_MS = 4000
const AIM_GROWTH_BYTES = 16_000_000 // for four processes, after a full garbage collection

/** Whether something was lost, or came to be that must not (two events of one key, a bad signature, a crash), or too little was tried. */
export const isBroken = ({ well, runs, outages }: Lost): boolean =>
  [well, ...runs].some(isIdle) ||
  [well, ...runs].some(({ doubled, unsigned }) => doubled + unsigned > 0) ||
  [well, ...runs, ...outages].some(({ lost, crashes }) => lost.length + crashes > 0)

/** Of a run in which little was accepted, or did not go wrong as planned, nothing can be said. */
const isIdle = ({ size, accepted, kills, faults }: LossRow): boolean =>
  accepted < size.events * LEAST_ACCEPTED ||
  kills < size.kills ||
  (size.faultShare > 0 && faults === 0)

/** In Markdown: a table of the runs, one of the outages, what was aimed at, and what every lost event's record says. */
export function lossReport(found: Lost): string {
  const { well, runs, outages, cosmosHasFaults } = found
  const lost = [well, ...runs, ...outages].flatMap((row) => row.lost)
  return [
    '| Seed | Times | Faults | Kills | Accepted | Refused | To deliver | Delivered | Twice | Dead | Lost | p50 | p99 | p99.9 | Messages |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...[well, ...runs].map(runRow),
    '',
    'p50 to p99.9: from the 201 to the first delivery, at the subscriber that is well; of the other two one fails every tenth time, one is down for a while. Messages: sent to fan-out for each event, and for each delivery. _as deployed_ are the settings of host.json and the defaults, but for steps of a minute at most in the ladder of retries; _hurried_ has repair after 10 s, a sweep every 5 s, and short waits. The lease of a message is ten minutes in both. Refused are requests without a 201, mostly to a host that was killed. When the queues are emptied, events that travel whole, since the store was away, stay.',
    cosmosHasFaults ? '' : 'Cosmos DB was not the emulator: no faults were made there.',
    '| Wholly down | Times | For | Accepted | Refused, small | Refused, large | Slowest refusal | To deliver | Delivered | Twice | Lost | Drained in | Messages | Heaps |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...outages.map(outageRow),
    '',
    'Half of the time connections are refused, half answered 503, under a steady load throughout. Large events do not fit into a message. Heaps: of the four processes together, before and after.',
    '',
    ...aims(found).map(([what, isMet]) => `- ${what}: ${isMet ? 'met' : '**missed**'}`),
    ...lost.map((each) => `- **Lost**: ${each}`),
  ].join('\n')
}

function runRow(row: LossRow): string {
  const { p50, p99, p999 } = row.well
  return cells([
    row.faults === 0 ? `${row.seed}, nothing goes wrong` : row.seed,
    row.times,
    row.faults,
    row.kills,
    row.accepted,
    row.refused,
    row.owed,
    row.delivered,
    row.duplicates,
    row.dead,
    row.lost.length,
    duration(p50),
    duration(p99),
    duration(p999),
    messages(row),
  ])
}

function outageRow(row: OutageRow): string {
  return cells([
    row.store === 'cosmos' ? 'Cosmos DB' : 'The queues',
    row.times,
    `${row.seconds} s`,
    row.accepted,
    row.refusedSmall,
    row.refusedLarge,
    row.slowestRefusal === 0 ? '–' : duration(row.slowestRefusal),
    row.owed,
    row.delivered,
    row.duplicates,
    row.lost.length,
    duration(row.drainSeconds * 1000),
    messages(row),
    `${megabytes(row.heapBefore)} → ${megabytes(row.heapAfter)} MB`,
  ])
}

const cells = (values: (string | number)[]): string => `| ${values.join(' | ')} |`

/** What was aimed at, and whether it was met. */
function aims({ well, runs, outages }: Lost): [what: string, isMet: boolean][] {
  const all = [well, ...runs, ...outages]
  const slow = runs.filter(({ times }) => times === 'as deployed')
  const sumOf = (of: (row: LossRow) => number) => slow.reduce((sum, row) => sum + of(row), 0)
  const [late, count] = [sumOf(({ well: { late: some } }) => some), sumOf((row) => row.well.count)]
  const most = Math.max(...all.flatMap((row) => [row.messagesPerEvent, row.messagesPerDelivery]))
  return [
    ['Nothing lost', all.every(({ lost }) => lost.length === 0)],
    ['Nothing delivered twice where nothing goes wrong', well.duplicates === 0],
    ['No key became two events', [well, ...runs].every(({ doubled }) => doubled === 0)],
    ['No process ended by itself', all.every(({ crashes }) => crashes === 0)],
    [
      `p99.9 at most ${LATE_MS / 1000} s as deployed (later: ${late} of ${count})`,
      late <= count * LATE_SHARE,
    ],
    [
      'Small events are accepted whatever store is down',
      outages.every((row) => row.refusedSmall === 0),
    ],
    [
      'What is refused in an outage has a 503 within 4 s, with Retry-After',
      outages.every(isRefusedWell),
    ],
    [
      `At most ${AIM_MESSAGES} messages for an event and for a delivery, whatever went wrong`,
      most <= AIM_MESSAGES,
    ],
    [
      'No memory kept after an outage',
      outages.every((row) => row.heapAfter - row.heapBefore <= AIM_GROWTH_BYTES),
    ],
  ]
}

/** Without Cosmos DB large events must be refused: without one nothing is shown. */
const isRefusedWell = ({ store, answers, slowestRefusal, silent503 }: OutageRow): boolean =>
  Object.keys(answers).every((status) => ['201', '503'].includes(status)) &&
  slowestRefusal <= AIM_503_MS &&
  silent503 === 0 &&
  (store === 'queue' || (answers['503'] ?? 0) > 0)

const messages = (row: { messagesPerEvent: number; messagesPerDelivery: number }): string =>
  `${row.messagesPerEvent.toFixed(2)}, ${row.messagesPerDelivery.toFixed(2)}`
const duration = (ms: number): string =>
  ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
const megabytes = (bytes: number): number => Math.round(bytes / 1_000_000)
