import { nowSeconds } from '../clock.ts'
import type { Services } from '../services.ts'
import type { DrainedWrite, SubscriptionDocument } from '../subscriptions/subscription.ts'

const KEPT_SECONDS = 120 // twice the time that a circuit is closing
const MAX_PARTITIONS = 32 // a subscription's deliveries are in one, or in a few after splits

/** A delivery that a drain has written, and the session token of the write. */
export interface Written {
  event: string
  session: string
}

/** Returns the newest write to each physical partition, without those that no replica lags behind any more. */
export function lastWrites(known: DrainedWrite[], written: Written[], now: number): DrainedWrite[] {
  const until = now + KEPT_SECONDS
  const writes = [...known, ...written.map((write) => ({ ...write, until }))]
  const recent = writes.filter((write) => write.until > now).toSorted(byPosition)
  const byPartition = new Map(recent.map((write) => [partitionOf(write), write]))
  return [...byPartition.values()].toSorted((a, b) => a.until - b.until).slice(-MAX_PARTITIONS)
}

/** The first part of a session token identifies the physical partition: `0` of `0:-1#5#1=4`. */
const partitionOf = ({ session }: Written): string => session.split(':', 1).join('')

/** The next parts are the version and the number of the write: `-1` and `5`. Answers overtake each other. */
function byPosition(one: Written, other: Written): number {
  const [version = 0, number = 0] = positionOf(one)
  const [otherVersion = 0, otherNumber = 0] = positionOf(other)
  return version - otherVersion || number - otherNumber
}

const positionOf = ({ session }: Written): number[] => {
  const parts = session.replace(/^[^:]*:/, '').split('#')
  return parts.map((part) => Number.parseFloat(part) || 0)
}

/**
 * Reads what the drains before have written. This instance then reads nothing older, so a replica that lags does not
 * show it as waiting what another instance has delivered.
 */
export async function seeDrained(
  { deliveries, clock }: Services,
  { number, drained = [] }: SubscriptionDocument,
): Promise<void> {
  const now = nowSeconds(clock)
  const recent = drained.filter(({ until }) => until > now)
  await Promise.all(
    recent.map(({ event, session }) => deliveries.find(String(number), event, session)),
  )
}
