import type { Stored } from '../azure/documents.ts'
import type { DrainMessage } from '../messages.ts'
import type { Services } from '../services.ts'
import { DRAIN_STORE_MS, DRAIN_WORK_MS } from '../subscriptions/busy-drain.ts'
import { claimed, leaseOf, type Circuit } from '../subscriptions/circuit-breaker.ts'
import { updateSubscription } from '../subscriptions/subscription-store.ts'
import {
  isSubscription,
  withCircuit,
  type SubscriptionDocument,
} from '../subscriptions/subscription.ts'
import { newPass } from './attempt-in-order.ts'
import { cancelOpenDeliveries } from './cancel-open-deliveries.ts'
import { createDrainLease, type DrainLease } from './drain-lease.ts'
import { attemptBacklog } from './drain-backlog.ts'
import { CURSOR_MS, type Drain } from './drain-state.ts'
import { seeDrained } from './drained-writes.ts'
import { endOpenDeliveries } from './end-open-deliveries.ts'
import { recheckBacklog } from './recheck-backlog.ts'
import { createRateLimit } from './rate-limit.ts'

const RETRY_SECONDS = 10 // after an error of the store

/**
 * Works for a subscription: probes it after it was open or paused, delivers its backlog, checks it again before the circuit
 * closes, ends the open deliveries of a disabled subscription, or cancels those of a deleted one. Returns the final state, for
 * the log, or `dropped` when the message's token is not that of the lease. Throws when the subscription is not visible
 * yet.
 */
export async function drainSubscription(
  services: Services,
  message: DrainMessage,
): Promise<string> {
  const { consumer, subscription: id, session, token } = message
  const found = await services.subscriptions.find(consumer, id, session)
  if (found === undefined) throw new Error(`Subscription ${id} is not visible yet.`)
  if (found.cancellation?.lease.token === token) return cancelOpenDeliveries(services, found, token)
  if (!isSubscription(found) || leaseOf(found.circuit)?.token !== token) return 'dropped'
  await seeDrained(services, found)
  const lease = await claim(services, found, token)
  if (lease === undefined) return 'dropped'
  const now = services.clock.now()
  const { maxPerSecond, ordered } = lease.subscription()
  const probed = lastProbed(lease)
  const after = message.after ?? probed
  const afterUntilMs = now + CURSOR_MS
  const rateLimit = createRateLimit(services.clock, maxPerSecond)
  return runDrain({
    services,
    lease,
    endMs: now + DRAIN_WORK_MS,
    after,
    newest: ordered ? '' : after,
    afterUntilMs,
    lagsUntilMs: message.after === undefined ? now : afterUntilMs,
    attempted: new Set(),
    rateLimit,
    pass: ordered && newPass(lease.subscription(), probed),
    waitedSeconds: message.waited ?? 0,
  })
}

/** Claims the lease under a new token, so that a second copy of the message does nothing. */
async function claim(
  services: Services,
  found: Stored<SubscriptionDocument>,
  token: string,
): Promise<DrainLease | undefined> {
  const ownToken = services.newToken()
  const now = services.clock.now()
  const leaseSeconds = (DRAIN_WORK_MS + services.config.delivery.timeoutMs + DRAIN_STORE_MS) / 1000
  const updated = await updateSubscription(services.subscriptions, found, (current) =>
    current.circuit !== undefined && leaseOf(current.circuit)?.token === token
      ? withCircuit(current, claimed(current.circuit, now, ownToken, leaseSeconds))
      : undefined,
  )
  return updated && createDrainLease(services, updated, ownToken)
}

/** Returns the last probed event, or '': the next probe tries the one after it. */
function lastProbed(lease: DrainLease): string {
  const circuit = lease.circuit()
  return circuit?.state === 'half-open' ? (circuit.after ?? '') : ''
}

/** Gives up the lease when the index shows that the subscription is deleted or another drain has the lease. */
async function checkLease({ services, lease }: Drain): Promise<void> {
  const { number } = lease.subscription()
  const known = (await services.index.current()).get(number)
  if (services.index.isDeleted(number) || (known !== undefined && lease.isSupersededBy(known)))
    lease.lose()
}

/**
 * Returns the cursor of the next drain. An ordered one goes on with a pass that has found nothing to attempt yet, or what
 * stands behind more than a drain can examine would never be attempted.
 */
function cursorOf({ pass, after, newest }: Drain): string {
  if (pass === undefined) return newest
  return pass.hasAttempted ? '' : after
}

/** Works through the states until the circuit is closed, open or lost, or the time is over. Returns the last state. */
async function runDrain(drain: Drain): Promise<string> {
  const { services, lease, endMs } = drain
  for (let circuit = lease.circuit(); circuit !== undefined; circuit = lease.circuit()) {
    if (services.clock.now() >= endMs) await lease.handOver(0, { after: cursorOf(drain) })
    else
      await step(drain, circuit).catch(async (error: unknown) => {
        await lease.handOver(RETRY_SECONDS) // the token of this message is spent, so a retry of it would do nothing
        throw error
      })
  }
  return lease.subscription().circuit?.state ?? 'closed'
}

async function step(drain: Drain, circuit: Circuit): Promise<void> {
  await checkLease(drain)
  if (drain.lease.circuit() === undefined) return
  switch (circuit.state) {
    case 'half-open':
    case 'draining':
      return attemptBacklog(drain, circuit)
    case 'closing':
      return recheckBacklog(drain, circuit)
    case 'disabled':
      return endOpenDeliveries(drain, circuit)
    case 'closed':
    case 'open':
    case 'paused':
      throw new Error(`A circuit that is ${circuit.state} is nobody's to drain.`)
  }
}
