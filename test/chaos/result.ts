import type { Clock } from './clock.ts'
import {
  countDuplicates,
  undelivered,
  expectedDeliveries,
  slowestDeliveries,
  latenciesOf,
  type Latencies,
} from './expected-deliveries.ts'
import type { Size } from './plan.ts'
import type { Environment } from './environment.ts'
import type { UndeliveredResult } from './wait-until-settled.ts'

/** What came of a run. */
export interface LossResult {
  seed: number
  /** What was planned. */
  size: Size
  /** The name of the profile: which times the app had. */
  profile: string
  seconds: number
  faults: number
  kills: number
  /** How often a process ended by itself. */
  crashes: number
  accepted: number
  refused: number
  /** How often each status was answered. */
  answers: Record<string, number>
  expected: number
  delivered: number
  duplicates: number
  dead: number
  lost: string[]
  /** Keys that became two events. */
  duplicateKeys: number
  /** Deliveries whose signature does not hold. */
  invalidSignatures: number
  /** To the subscriber that is well. */
  healthy: Latencies
  /** To all three. */
  all: Latencies
  /** The longest to the one that is well. */
  slowest: string[]
  /** Messages to fan-out, for each accepted event. */
  messagesPerEvent: number
  /** Messages for each delivery. */
  messagesPerDelivery: number
}

/** Counts what a run has come to. */
export function resultOf(
  { seed, size, profile, seconds }: Pick<LossResult, 'seed' | 'size' | 'profile' | 'seconds'>,
  { subscribers, publisher, hosts, stores }: Environment,
  { dead, lost }: UndeliveredResult,
): LossResult {
  const { accepted, refused, answers, duplicateKeys } = publisher.published
  const owed = expectedDeliveries(accepted, subscribers)
  const [well] = subscribers
  const toWell = owed.filter(({ subscriber }) => subscriber === well)
  return {
    seed,
    size,
    profile,
    seconds,
    faults: stores.faults(),
    kills: hosts.kills(),
    crashes: hosts.crashes(),
    accepted: accepted.length,
    refused: refused.length,
    answers,
    expected: owed.length,
    delivered: owed.length - undelivered(owed).length,
    duplicates: countDuplicates(subscribers),
    dead,
    lost,
    duplicateKeys: duplicateKeys + (well?.duplicateKeys() ?? 0),
    invalidSignatures: subscribers.reduce((sum, each) => sum + each.invalidSignatures(), 0),
    healthy: latenciesOf(toWell),
    all: latenciesOf(owed),
    slowest: slowestDeliveries(toWell, 5),
    messagesPerEvent: stores.sent.events / accepted.length,
    messagesPerDelivery: stores.sent.deliveries / owed.length,
  }
}

/** One line on how far a run has come. */
export function progressOf(
  { publisher, subscribers, hosts, stores }: Environment,
  clock: Clock,
): string {
  const { accepted, refused } = publisher.published
  const owed = expectedDeliveries(accepted, subscribers)
  return [
    `${Math.round(clock.elapsed() / 1000)} s:`,
    `${accepted.length} accepted, ${refused.length} refused,`,
    `${owed.length - undelivered(owed).length} of ${owed.length} delivered,`,
    `${stores.faults()} faults, ${hosts.kills()} kills`,
  ].join(' ')
}
