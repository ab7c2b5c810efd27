import { tableRow } from '../bench/support/markdown.ts'
import { MAX_LATENCY_MS } from '../test/chaos/expected-deliveries.ts'
import type { OutageResult } from '../test/chaos/outage.ts'
import type { LossResult } from '../test/chaos/result.ts'

/** The results of `npm run proof:loss`. */
export interface LossResults {
  at: string
  /** A run without faults. */
  baseline: LossResult
  /** One run per seed. */
  runs: LossResult[]
  outages: OutageResult[]
  /** False when `Cosmos` names an account, where no proxy can inject faults. */
  canFaultCosmos: boolean
}

const MIN_ACCEPTED = 0.9
const LATE_SHARE = 0.001
const AIM_MESSAGES = 3
const AIM_503_MS = 4000
const AIM_GROWTH_BYTES = 16_000_000 // of four processes, after a full garbage collection

/** Whether a run lost an event, made two events of one key, sent an invalid signature, crashed, or was insufficient. */
export const isBroken = ({ baseline, runs, outages }: LossResults): boolean =>
  [baseline, ...runs].some(
    (run) => isInsufficient(run) || run.duplicateKeys + run.invalidSignatures > 0,
  ) || [baseline, ...runs, ...outages].some(({ lost, crashes }) => lost.length + crashes > 0)

/** Whether a run proves nothing: it accepted too few events, or its planned faults did not happen. */
const isInsufficient = ({ size, accepted, kills, faults }: LossResult): boolean =>
  accepted < size.events * MIN_ACCEPTED ||
  kills < size.kills ||
  (size.faultShare > 0 && faults === 0)

/** Returns the report in Markdown: the runs, the outages, the aims, and the record of every lost event. */
export function lossReport(results: LossResults): string {
  const { baseline, runs, outages, canFaultCosmos } = results
  const lost = [baseline, ...runs, ...outages].flatMap((result) => result.lost)
  return [
    '| Seed | Times | Faults | Kills | Accepted | Refused | To deliver | Delivered | Twice | Dead | Lost | p50 | p99 | p99.9 | Messages |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...[baseline, ...runs].map(runRow),
    '',
    'p50 to p99.9: from the 201 to the first delivery to the healthy subscriber. Of the other two, one fails every tenth request and one is down for a time. Messages: for fan-out per event, and for retries and drains per delivery. Refused: requests without a 201, mostly to a host that was killed. _as deployed_ has the settings of host.json and the defaults, with retry steps of at most a minute. _hurried_ has repair after 10 s, a sweep every 5 s and short waits. The lease of a message is ten minutes in both. Emptying a queue leaves the messages with a whole event, which is in no store yet.',
    canFaultCosmos ? '' : 'Cosmos DB is not the emulator, so it has no faults.',
    '| Store that is down | Times | For | Accepted | Refused, small | Refused, large | Slowest refusal | To deliver | Delivered | Twice | Lost | Drained in | Messages | Heaps |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...outages.map(outageRow),
    '',
    'The load is steady. For half of the outage the store refuses connections, then it answers 503. Large events do not fit into a message. Heaps: of the four processes together, before and after.',
    '',
    ...aims(results).map(([what, isMet]) => `- ${what}: ${isMet ? 'met' : '**missed**'}`),
    ...lost.map((each) => `- **Lost**: ${each}`),
  ].join('\n')
}

function runRow(result: LossResult): string {
  const { p50, p99, p999 } = result.healthy
  return tableRow([
    result.faults === 0 ? `${result.seed}, no faults` : result.seed,
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
  return tableRow([
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

/** Returns the aims, and whether each is met. */
function aims({ baseline, runs, outages }: LossResults): [what: string, isMet: boolean][] {
  const all = [baseline, ...runs, ...outages]
  const deployed = runs.filter(({ profile }) => profile === 'as deployed')
  const late = deployed.reduce((sum, { healthy }) => sum + healthy.late, 0)
  const count = deployed.reduce((sum, { healthy }) => sum + healthy.count, 0)
  const most = Math.max(
    ...all.flatMap((result) => [result.messagesPerEvent, result.messagesPerDelivery]),
  )
  return [
    ['No event is lost', all.every(({ lost }) => lost.length === 0)],
    ['No event is delivered twice without faults', baseline.duplicates === 0],
    [
      'No idempotency key becomes two events',
      [baseline, ...runs].every(({ duplicateKeys }) => duplicateKeys === 0),
    ],
    ['No process ends by itself', all.every(({ crashes }) => crashes === 0)],
    [
      `p99.9 at most ${MAX_LATENCY_MS / 1000} s as deployed (later: ${late} of ${count})`,
      late <= count * LATE_SHARE,
    ],
    [
      'Small events are accepted during the outage of either store',
      outages.every((result) => result.refusedSmall === 0),
    ],
    [
      'A request that is refused in an outage has a 503 within 4 s, with Retry-After',
      outages.every(isRefusedInTime),
    ],
    [
      `At most ${AIM_MESSAGES} messages per event and per delivery, with any faults`,
      most <= AIM_MESSAGES,
    ],
    [
      'Memory does not grow by an outage',
      outages.every((result) => result.heapAfter - result.heapBefore <= AIM_GROWTH_BYTES),
    ],
  ]
}

/** Whether refusals are 503s in time. An outage of Cosmos DB must have some, since large events fit into no message. */
const isRefusedInTime = ({
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
