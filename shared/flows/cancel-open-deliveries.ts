import { compareAndSet } from '../azure/conditional-write.ts'
import type { Stored } from '../azure/documents.ts'
import { nowSeconds } from '../clock.ts'
import { cancelled, DELETED } from '../deliveries/delivery.ts'
import type { Services } from '../services.ts'
import { CLOSING_SECONDS, newLease } from '../subscriptions/circuit-breaker.ts'
import type {
  Cancellation,
  Deleted,
  SubscriptionOrTombstone,
} from '../subscriptions/subscription.ts'
import { endAll, forEachOpenPage } from './open-deliveries.ts'
import { sendDrain } from './send-drain.ts'

const WORK_MS = 60_000
const LEASE_SECONDS = 120 // for that work, the last page and handing over
const RECHECK_SECONDS = 20 // a replica may still show what was just cancelled
export const TOMBSTONE_SECONDS = 86_400 // every index has read it long before

/**
 * Cancels the open deliveries of the deleted subscriptions of a document. Returns `cancelled` when none is left and none
 * can follow, `cancelling` when another message continues, and `dropped` when the token is not that of the lease.
 */
export async function cancelOpenDeliveries(
  services: Services,
  found: Stored<SubscriptionOrTombstone>,
  token: string,
): Promise<'cancelled' | 'cancelling' | 'dropped'> {
  const { clock } = services
  const claimed = await changeCancellation(services, found, token, (cancellation) => ({
    ...cancellation,
    lease: newLease(clock.now(), services.newToken(), LEASE_SECONDS),
  }))
  if (claimed?.document.cancellation === undefined) return 'dropped'
  const { document } = claimed
  const { deleted, lease } = claimed.document.cancellation
  const done = await cancelAll(services, deleted, clock.now() + WORK_MS)
  return handOver(services, document, lease.token, done)
}

/** Cancels the open deliveries of each, and returns the numbers that had none, and can get none any more. */
async function cancelAll(
  services: Services,
  deleted: Deleted[],
  endMs: number,
): Promise<Set<number>> {
  const done = new Set<number>()
  for (const { number, since } of deleted) {
    const isOver = nowSeconds(services.clock) >= since + CLOSING_SECONDS
    const isNone = await forEachOpenPage(services, number, endMs, async (page) => {
      await endAll(services, page, (delivery) => cancelled(delivery, DELETED))
      return true
    })
    if (isNone && isOver) done.add(number)
  }
  return done
}

/** Hands over what is left: the next pass is when the last of them can be done, or when replicas show this pass. */
async function handOver(
  services: Services,
  document: Stored<SubscriptionOrTombstone>,
  token: string,
  done: Set<number>,
): Promise<'cancelled' | 'cancelling'> {
  const { clock, newToken } = services
  const nextToken = newToken()
  let delaySeconds = 0
  const handed = await changeCancellation(services, document, token, (cancellation) => {
    const deleted = cancellation.deleted.filter(({ number }) => !done.has(number))
    const last = deleted.at(-1)
    if (last === undefined) return undefined
    const left = last.since + CLOSING_SECONDS - nowSeconds(clock)
    delaySeconds = Math.min(CLOSING_SECONDS, Math.max(left, RECHECK_SECONDS)) // no longer than a message waits
    return { deleted, lease: newLease(clock.now() + delaySeconds * 1000, nextToken) }
  })
  if (handed === undefined) return 'cancelling' // another has the lease
  if (handed.document.cancellation === undefined) return 'cancelled'
  await sendDrain(services, handed, nextToken, delaySeconds)
  return 'cancelling'
}

/** Changes `cancellation` while the lease has this token. A tombstone with nothing left expires after a day. */
function changeCancellation(
  { subscriptions }: Services,
  read: Stored<SubscriptionOrTombstone>,
  token: string,
  change: (cancellation: Cancellation) => Cancellation | undefined,
) {
  return compareAndSet<SubscriptionOrTombstone>(
    read,
    ({ cancellation, ...current }) => {
      if (cancellation?.lease.token !== token) return undefined
      const changed = change(cancellation)
      if (changed !== undefined) return { ...current, cancellation: changed }
      return 'deleted' in current ? { ...current, ttl: TOMBSTONE_SECONDS } : current
    },
    {
      save: subscriptions.save,
      reload: (session) => subscriptions.find(read.consumer, read.id, session),
    },
  )
}
