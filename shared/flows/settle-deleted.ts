import { compareAndSet } from '../azure/conditional-write.ts'
import type { Stored } from '../azure/documents.ts'
import { nowSeconds } from '../clock.ts'
import { cancelled, DELETED } from '../deliveries/delivery.ts'
import type { Services } from '../services.ts'
import { CLOSING_SECONDS, newLease } from '../subscriptions/circuit-breaker.ts'
import type { Settling, SubscriptionOrTombstone } from '../subscriptions/subscription.ts'
import { sendDrain } from './send-drain.ts'
import { endAll, forEachOpenPage } from './settle.ts'

const WORK_MS = 60_000
const RECHECK_SECONDS = 20 // a replica may still show what was just cancelled
const TOMBSTONE_SECONDS = 86_400 // every index has read it long before

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
    lease: newLease(clock.now(), services.newToken()),
  }))
  if (claimed?.document.settling === undefined) return 'dropped'
  const { document } = claimed
  const { numbers, since, lease } = claimed.document.settling
  const isNone = await cancelAll(services, numbers, clock.now() + WORK_MS)
  const left = Math.min(CLOSING_SECONDS, since + CLOSING_SECONDS - nowSeconds(clock)) // no longer than a message waits
  if (isNone && left <= 0) {
    await changeSettling(services, document, lease.token, () => undefined)
    return 'settled'
  }
  await handOver(services, document, lease.token, Math.max(left, isNone ? 0 : RECHECK_SECONDS))
  return 'settling'
}

async function cancelAll(services: Services, numbers: number[], endMs: number): Promise<boolean> {
  let isNone = true
  for (const number of numbers) {
    const isNoneOfThis = await forEachOpenPage(services, number, endMs, async (page) => {
      await endAll(services, page, (delivery) => cancelled(delivery, DELETED))
      return true
    })
    isNone &&= isNoneOfThis
  }
  return isNone
}

async function handOver(
  services: Services,
  document: Stored<SubscriptionOrTombstone>,
  token: string,
  delaySeconds: number,
): Promise<void> {
  const lease = newLease(services.clock.now() + delaySeconds * 1000, services.newToken())
  const handed = await changeSettling(services, document, token, (settling) => ({
    ...settling,
    lease,
  }))
  if (handed !== undefined) await sendDrain(services, handed, lease.token, { delaySeconds })
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
