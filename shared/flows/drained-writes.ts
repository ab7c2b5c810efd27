import { nowSeconds } from '../clock.ts'
import type { Services } from '../services.ts'
import type { DrainedWrite, SubscriptionDocument } from '../subscriptions/subscription.ts'

/** Twice the time that a circuit is closing. A token is not kept for longer: after a failover no replica may ever have it. */
const KEPT_SECONDS = 120

/** A delivery that a drain has written, and the session token of the write. */
export interface Written {
  event: string
  session: string
}

/** Returns the last write to each physical partition, without those that no replica lags behind any more. */
export function lastWrites(known: DrainedWrite[], written: Written[], now: number): DrainedWrite[] {
  const until = now + KEPT_SECONDS
  const writes = [...known, ...written.map((write) => ({ ...write, until }))]
  const byPartition = new Map(writes.map((write) => [partitionOf(write), write]))
  return [...byPartition.values()].filter((write) => write.until > now)
}

/** The first part of a session token identifies the physical partition: `0:-1#5`. */
const partitionOf = ({ session }: Written): string => session.split(':', 1).join('')

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
