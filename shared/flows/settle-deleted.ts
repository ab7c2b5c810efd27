import { compareAndSet } from '../azure/conditional-write.ts'
import type { Stored } from '../azure/documents.ts'
import { nowSeconds } from '../clock.ts'
import { cancelled, DELETED } from '../deliveries/delivery.ts'
import type { Services } from '../services.ts'
import { CLOSING_SECONDS, newLease } from '../subscriptions/circuit-breaker.ts'
import type { Deleted, Settling, SubscriptionOrTombstone } from '../subscriptions/subscription.ts'
import { sendDrain } from './send-drain.ts'
import { endAll, forEachOpenPage } from './settle.ts'

const WORK_MS = 60_000
const LEASE_SECONDS = 120 // for that work, the last page and handing over
const RECHECK_SECONDS = 20 // a replica may still show what was just cancelled
export const TOMBSTONE_SECONDS = 86_400 // every index has read it long before

/**
 * Cancels the open deliveries of the deleted subscriptions of a document. Returns `settled` when none is left and none
 * can follow, `settling` when another message continues, and `dropped` when the token is not that of the lease.
 */
export async function settleDeleted(
  services: Services,
  found: Stored<SubscriptionOrTombstone>,
  token: string,
): Promise<'settled' | 'settling' | 'dropped'> {
  const { clock } = services
  const claimed = await changeSettling(services, found, token, (settling) => ({
    ...settling,
    lease: newLease(clock.now(), services.newToken(), LEASE_SECONDS),
  }))
  if (claimed?.document.settling === undefined) return 'dropped'
  const { document } = claimed
  const { deleted, lease } = claimed.document.settling
  const settled = await cancelAll(services, deleted, clock.now() + WORK_MS)
  return handOver(services, document, lease.token, settled)
}

/** Cancels the open deliveries of each, and returns the numbers that had none, and can get none any more. */
async function cancelAll(
  services: Services,
  deleted: Deleted[],
  endMs: number,
): Promise<Set<number>> {
  const settled = new Set<number>()
  for (const { number, since } of deleted) {
    const isOver = nowSeconds(services.clock) >= since + CLOSING_SECONDS
    const isNone = await forEachOpenPage(services, number, endMs, async (page) => {
      await endAll(services, page, (delivery) => cancelled(delivery, DELETED))
      return true
    })
    if (isNone && isOver) settled.add(number)
  }
  return settled
}

/** Hands over what is left: the next pass is when the last of them can be settled, or when replicas show this pass. */
async function handOver(
  services: Services,
  document: Stored<SubscriptionOrTombstone>,
  token: string,
  settled: Set<number>,
): Promise<'settled' | 'settling'> {
  const { clock, newToken } = services
  const nextToken = newToken()
  let delaySeconds = 0
  const handed = await changeSettling(services, document, token, (settling) => {
    const deleted = settling.deleted.filter(({ number }) => !settled.has(number))
    const last = deleted.at(-1)
    if (last === undefined) return undefined
    const left = last.since + CLOSING_SECONDS - nowSeconds(clock)
    delaySeconds = Math.min(CLOSING_SECONDS, Math.max(left, RECHECK_SECONDS)) // no longer than a message waits
    return { deleted, lease: newLease(clock.now() + delaySeconds * 1000, nextToken) }
  })
  if (handed === undefined) return 'settling' // another has the lease
  if (handed.document.settling === undefined) return 'settled'
  await sendDrain(services, handed, nextToken, delaySeconds)
  return 'settling'
}

/** Changes `settling` while the lease has this token. A tombstone with nothing left expires after a day. */
function changeSettling(
  { subscriptions }: Services,
  read: Stored<SubscriptionOrTombstone>,
  token: string,
  change: (settling: Settling) => Settling | undefined,
) {
  return compareAndSet<SubscriptionOrTombstone>(
    read,
    ({ settling, ...current }) => {
      if (settling?.lease.token !== token) return undefined
      const changed = change(settling)
      if (changed !== undefined) return { ...current, settling: changed }
      return 'deleted' in current ? { ...current, ttl: TOMBSTONE_SECONDS } : current
    },
    {
      save: subscriptions.save,
      reload: (session) => subscriptions.find(read.consumer, read.id, session),
    },
  )
}
