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
import type { UndeliveredResult } from './wait-until-ended.ts'

/** The result of a run. */
export interface LossResult {
  seed: number
  /** The planned size. */
  size: Size
  /** The name of the profile. */
  profile: string
  seconds: number
  faults: number
  kills: number
  /** The number of processes that ended by themselves. */
  crashes: number
  accepted: number
  refused: number
  /** The number of answers by status. */
  answers: Record<string, number>
  expected: number
  delivered: number
  duplicates: number
  dead: number
  lost: string[]
  /** Idempotency keys that became two events. */
  duplicateKeys: number
  /** Deliveries with an invalid signature. */
  invalidSignatures: number
  /** Latencies to the healthy subscriber. */
  healthy: Latencies
  /** Latencies to all three subscribers. */
  all: Latencies
  /** The slowest deliveries to the healthy subscriber. */
  slowest: string[]
  /** Messages for fan-out per accepted event. */
  messagesPerEvent: number
  /** Messages for retries and drains per delivery. */
  messagesPerDelivery: number
}

/** Returns the result of a run whose deliveries have ended. */
export function resultOf(
  { seed, size, profile, seconds }: Pick<LossResult, 'seed' | 'size' | 'profile' | 'seconds'>,
  { subscribers, publisher, hosts, stores }: Environment,
  { dead, lost }: UndeliveredResult,
): LossResult {
  const { accepted, refused, answers, duplicateKeys } = publisher.published
  const expected = expectedDeliveries(accepted, subscribers)
  const [healthy] = subscribers
  const toHealthy = expected.filter(({ subscriber }) => subscriber === healthy)
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
    expected: expected.length,
    delivered: expected.length - undelivered(expected).length,
    duplicates: countDuplicates(subscribers),
    dead,
    lost,
    duplicateKeys: duplicateKeys + (healthy?.duplicateKeys() ?? 0),
    invalidSignatures: subscribers.reduce((sum, each) => sum + each.invalidSignatures(), 0),
    healthy: latenciesOf(toHealthy),
    all: latenciesOf(expected),
    slowest: slowestDeliveries(toHealthy, 5),
    messagesPerEvent: stores.sent.events / accepted.length,
    messagesPerDelivery: stores.sent.deliveries / expected.length,
  }
}

/** Returns a line about the progress of a run. */
export function progressOf(
  { publisher, subscribers, hosts, stores }: Environment,
  clock: Clock,
): string {
  const { accepted, refused } = publisher.published
  const expected = expectedDeliveries(accepted, subscribers)
  return [
    `${Math.round(clock.elapsed() / 1000)} s:`,
    `${accepted.length} accepted, ${refused.length} refused,`,
    `${expected.length - undelivered(expected).length} of ${expected.length} delivered,`,
    `${stores.faults()} faults, ${hosts.kills()} kills`,
  ].join(' ')
}
