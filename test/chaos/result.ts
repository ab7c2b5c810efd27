import type { Clock } from './clock.ts'
import {
  duplicatesOf,
  missingOf,
  owedFor,
  slowestOf,
  waitsOf,
  type Waits,
} from './expected-deliveries.ts'
import type { Size } from './plan.ts'
import type { Scene } from './environment.ts'
import type { Settled } from './wait-until-settled.ts'

/** What came of a run. */
export interface LossRow {
  seed: number
  /** What was planned. */
  size: Size
  /** The name of the profile: which times the app had. */
  times: string
  seconds: number
  faults: number
  kills: number
  /** How often a process ended by itself. */
  crashes: number
  accepted: number
  refused: number
  /** How often each status was answered. */
  answers: Record<string, number>
  owed: number
  delivered: number
  duplicates: number
  dead: number
  lost: string[]
  /** Keys that became two events. */
  doubled: number
  /** Deliveries whose signature does not hold. */
  unsigned: number
  /** To the subscriber that is well. */
  well: Waits
  /** To all three. */
  all: Waits
  /** The longest to the one that is well. */
  slowest: string[]
  /** Messages to fan-out, for each accepted event. */
  messagesPerEvent: number
  /** Messages for each delivery. */
  messagesPerDelivery: number
}

/** Counts what a run has come to. */
export function rowOf(
  { seed, size, times, seconds }: Pick<LossRow, 'seed' | 'size' | 'times' | 'seconds'>,
  { subscribers, publisher, hosts, stores }: Scene,
  { dead, lost }: Settled,
): LossRow {
  const { accepted, refused, answers, doubled } = publisher.published
  const owed = owedFor(accepted, subscribers)
  const [well] = subscribers
  const toWell = owed.filter(({ subscriber }) => subscriber === well)
  return {
    seed,
    size,
    times,
    seconds,
    faults: stores.faults(),
    kills: hosts.kills(),
    crashes: hosts.crashes(),
    accepted: accepted.length,
    refused: refused.length,
    answers,
    owed: owed.length,
    delivered: owed.length - missingOf(owed).length,
    duplicates: duplicatesOf(subscribers),
    dead,
    lost,
    doubled: doubled + (well?.doubled() ?? 0),
    unsigned: subscribers.reduce((sum, each) => sum + each.unsigned(), 0),
    well: waitsOf(toWell),
    all: waitsOf(owed),
    slowest: slowestOf(toWell, 5),
    messagesPerEvent: stores.sent.events / accepted.length,
    messagesPerDelivery: stores.sent.deliveries / owed.length,
  }
}

/** One line on how far a run has come. */
export function progressOf({ publisher, subscribers, hosts, stores }: Scene, clock: Clock): string {
  const { accepted, refused } = publisher.published
  const owed = owedFor(accepted, subscribers)
  return [
    `${Math.round(clock.elapsed() / 1000)} s:`,
    `${accepted.length} accepted, ${refused.length} refused,`,
    `${owed.length - missingOf(owed).length} of ${owed.length} delivered,`,
    `${stores.faults()} faults, ${hosts.kills()} kills`,
  ].join(' ')
}
