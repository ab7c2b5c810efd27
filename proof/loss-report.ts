import { MAX_LATENCY_MS } from '../test/chaos/expected-deliveries.ts'
import type { OutageResult } from '../test/chaos/outage.ts'
import type { LossResult } from '../test/chaos/result.ts'

/** The results of `proof:loss`. */
export interface LossResults {
  at: string
  /** A run without faults. */
  baseline: LossResult
  /** One run per seed. */
  runs: LossResult[]
  outages: OutageResult[]
  /** False when the account did not allow faults of Cosmos DB. */
  canFaultCosmos: boolean
}

const MIN_ACCEPTED = 0.9
const LATE_SHARE = 0.001
const AIM_MESSAGES = 3
const AIM_503_MS = 4000
const AIM_GROWTH_BYTES = 16_000_000 // for four processes, after a full garbage collection

/**
 * Whether a run lost something, had what must not happen (two events of one key, an invalid signature, a crash), or
 * tried too little.
 */
export const isBroken = ({ baseline, runs, outages }: LossResults): boolean =>
  [baseline, ...runs].some(isInsufficient) ||
  [baseline, ...runs].some(
    ({ duplicateKeys, invalidSignatures }) => duplicateKeys + invalidSignatures > 0,
  ) ||
  [baseline, ...runs, ...outages].some(({ lost, crashes }) => lost.length + crashes > 0)

/** Whether a run proves nothing: few events were accepted, or the planned faults did not happen. */
const isInsufficient = ({ size, accepted, kills, faults }: LossResult): boolean =>
  accepted < size.events * MIN_ACCEPTED ||
  kills < size.kills ||
  (size.faultShare > 0 && faults === 0)

/** Returns the report in Markdown: the runs, the outages, the aims, and the record of every lost event. */
export function lossReport(found: LossResults): string {
  const { baseline, runs, outages, canFaultCosmos } = found
  const lost = [baseline, ...runs, ...outages].flatMap((result) => result.lost)
  return [
    '| Seed | Times | Faults | Kills | Accepted | Refused | To deliver | Delivered | Twice | Dead | Lost | p50 | p99 | p99.9 | Messages |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...[baseline, ...runs].map(runRow),
    '',
    'p50 to p99.9: from the 201 to the first delivery, at the subscriber that is well; of the other two one fails every tenth time, one is down for a while. Messages: sent to fan-out for each event, and for each delivery. _as deployed_ are the settings of host.json and the defaults, but for steps of a minute at most in the ladder of retries; _hurried_ has repair after 10 s, a sweep every 5 s, and short waits. The lease of a message is ten minutes in both. Refused are requests without a 201, mostly to a host that was killed. When the queues are emptied, events that travel whole, since the store was away, stay.',
    canFaultCosmos ? '' : 'Cosmos DB was not the emulator: no faults were made there.',
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

function runRow(result: LossResult): string {
  const { p50, p99, p999 } = result.healthy
  return cells([
    result.faults === 0 ? `${result.seed}, nothing goes wrong` : result.seed,
    result.profile,
    result.faults,
    result.kills,
    result.accepted,
    result.refused,
    result.expected,
    result.delivered,
    result.duplicates,
    result.dead,
    result.lost.length,
    duration(p50),
    duration(p99),
    duration(p999),
    messages(result),
  ])
}

function outageRow(result: OutageResult): string {
  return cells([
    result.store === 'cosmos' ? 'Cosmos DB' : 'The queues',
    result.profile,
    `${result.seconds} s`,
    result.accepted,
    result.refusedSmall,
    result.refusedLarge,
    result.slowestRefusal === 0 ? '–' : duration(result.slowestRefusal),
    result.expected,
    result.delivered,
    result.duplicates,
    result.lost.length,
    duration(result.drainSeconds * 1000),
    messages(result),
    `${megabytes(result.heapBefore)} → ${megabytes(result.heapAfter)} MB`,
  ])
}

const cells = (values: (string | number)[]): string => `| ${values.join(' | ')} |`

/** Returns the aims, and whether each is met. */
function aims({ baseline, runs, outages }: LossResults): [what: string, isMet: boolean][] {
  const all = [baseline, ...runs, ...outages]
  const slow = runs.filter(({ profile }) => profile === 'as deployed')
  const sumOf = (of: (result: LossResult) => number) =>
    slow.reduce((sum, result) => sum + of(result), 0)
  const [late, count] = [
    sumOf(({ healthy: { late: some } }) => some),
    sumOf((result) => result.healthy.count),
  ]
  const most = Math.max(
    ...all.flatMap((result) => [result.messagesPerEvent, result.messagesPerDelivery]),
  )
  return [
    ['Nothing lost', all.every(({ lost }) => lost.length === 0)],
    ['Nothing delivered twice where nothing goes wrong', baseline.duplicates === 0],
    [
      'No key became two events',
      [baseline, ...runs].every(({ duplicateKeys }) => duplicateKeys === 0),
    ],
    ['No process ended by itself', all.every(({ crashes }) => crashes === 0)],
    [
      `p99.9 at most ${MAX_LATENCY_MS / 1000} s as deployed (later: ${late} of ${count})`,
      late <= count * LATE_SHARE,
    ],
    [
      'Small events are accepted whatever store is down',
      outages.every((result) => result.refusedSmall === 0),
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
      outages.every((result) => result.heapAfter - result.heapBefore <= AIM_GROWTH_BYTES),
    ],
  ]
}

/** An outage of Cosmos DB must reject large events: a run without one shows nothing. */
const isRefusedWell = ({
  store,
  answers,
  slowestRefusal,
  missingRetryAfter,
}: OutageResult): boolean =>
  Object.keys(answers).every((status) => ['201', '503'].includes(status)) &&
  slowestRefusal <= AIM_503_MS &&
  missingRetryAfter === 0 &&
  (store === 'queue' || (answers['503'] ?? 0) > 0)

const messages = (result: { messagesPerEvent: number; messagesPerDelivery: number }): string =>
  `${result.messagesPerEvent.toFixed(2)}, ${result.messagesPerDelivery.toFixed(2)}`
const duration = (ms: number): string =>
  ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
const megabytes = (bytes: number): number => Math.round(bytes / 1_000_000)
