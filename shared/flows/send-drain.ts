import { nowSeconds } from '../clock.ts'
import { endsByMessage } from '../deliveries/delivery.ts'
import type { DrainMessage } from '../messages.ts'
import type { Services } from '../services.ts'
import { isWaiting, leaseOf } from '../subscriptions/circuit-breaker.ts'
import { isSubscription, type SubscriptionOrTombstone } from '../subscriptions/subscription.ts'

/** A document with a lease, and the session token of its write. */
interface Leased {
  document: SubscriptionOrTombstone
  session: string | undefined
}

/** What a drain tells the next one. */
export type Progress = Pick<DrainMessage, 'after' | 'waited'>

/**
 * Sends the message that starts a drain, or cancels the deliveries of deleted subscriptions, if the document still has
 * the lease of `token`. The message of a circuit that is open or paused arrives when that ends, unless that is
 * left to the sweep; any other after `delaySeconds`. `progress` is for the next drain.
 */
export async function sendDrain(
  services: Services,
  leased: Leased,
  token: string,
  delaySeconds = 0,
  progress: Progress = {},
): Promise<void> {
  const { document } = leased
  const { circuit } = isSubscription(document) ? document : {}
  const lease = [leaseOf(circuit), document.cancellation?.lease].find(
    (each) => each?.token === token,
  )
  if (lease === undefined) return
  const isCircuitWaiting = circuit !== undefined && isWaiting(circuit) && circuit.lease === lease
  const wait = isCircuitWaiting
    ? Math.max(0, lease.until - nowSeconds(services.clock))
    : delaySeconds
  if (endsByMessage(wait)) await send(services, leased, token, wait, progress)
}

async function send(
  { drainQueue }: Services,
  { document: { consumer, id }, session }: Leased,
  token: string,
  delaySeconds: number,
  { after, waited }: Progress,
): Promise<void> {
  const more = {
    ...(after && { after }),
    ...(waited !== undefined && { waited }),
    ...(session !== undefined && { session }),
  }
  await drainQueue.send({ v: 1, consumer, subscription: id, token, ...more }, delaySeconds)
}
