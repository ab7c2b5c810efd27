import { nowSeconds } from '../clock.ts'
import { endsByMessage } from '../deliveries/delivery.ts'
import type { Services } from '../services.ts'
import { leaseOf, type Lease } from '../subscriptions/circuit-breaker.ts'
import { isSubscription, type SubscriptionOrTombstone } from '../subscriptions/subscription.ts'

/** A document with a lease, and the session token of the write that gave it. */
interface Leased {
  document: SubscriptionOrTombstone
  session: string | undefined
}

/** Sends the message that has a subscription's backlog worked on; at the end of its pause, where that is near. */
export async function sendDrain(services: Services, { document, session }: Leased): Promise<void> {
  const { circuit } = isSubscription(document) ? document : {}
  const lease = leaseOf(circuit)
  if (lease === undefined) return
  const wait = circuit?.state === 'open' ? lease.until - nowSeconds(services.clock) : 0
  if (endsByMessage(wait)) await send(services, { document, session }, lease, Math.max(0, wait))
}

/** Sends the message that has the deliveries of deleted subscriptions cancelled. */
export async function sendSettling(services: Services, leased: Leased): Promise<void> {
  const { settling } = leased.document
  if (settling !== undefined) await send(services, leased, settling.lease, 0)
}

/** Hands the work on, to be begun after so many seconds; `after` is the last event that was attempted. */
export const handOn = (
  services: Services,
  leased: Leased,
  lease: Lease,
  { delaySeconds, after }: { delaySeconds: number; after?: string | undefined },
): Promise<void> => send(services, leased, lease, delaySeconds, after)

async function send(
  { drainQueue }: Services,
  { document: { consumer, id }, session }: Leased,
  { token }: Lease,
  delaySeconds: number,
  after?: string,
): Promise<void> {
  const more = { ...(after !== undefined && { after }), ...(session !== undefined && { session }) }
  await drainQueue.send({ v: 1, consumer, subscription: id, token, ...more }, delaySeconds)
}
