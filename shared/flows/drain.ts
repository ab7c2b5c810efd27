import type { Stored } from '../azure/documents.ts'
import type { DrainMessage } from '../messages.ts'
import type { Services } from '../services.ts'
import { claimed, leaseOf, type Circuit } from '../subscriptions/circuit-breaker.ts'
import { updateSubscription } from '../subscriptions/subscription-store.ts'
import {
  isSubscription,
  withCircuit,
  type SubscriptionDocument,
} from '../subscriptions/subscription.ts'
import { createDrainLease, type DrainLease } from './drain-lease.ts'
import { attemptBacklog, recheckBacklog, type Drain } from './drain-backlog.ts'
import { settleDeleted } from './settle-deleted.ts'
import { settleDisabled } from './settle-disabled.ts'

const WORK_MS = 60_000 // then the next message goes on: no instance is held for long
const RETRY_SECONDS = 10 // after trouble with the store

/**
 * Works on what a subscription's circuit keeps: probes it after a pause, delivers its backlog, looks once more before it
 * closes, or ends what waits for a disabled one; or cancels what a deleted one leaves. Only whoever has the lease of the
 * message's token does it. Returns how it ended, for the log.
 */
export async function drainSubscription(
  services: Services,
  message: DrainMessage,
): Promise<string> {
  const { consumer, subscription: id, session, token } = message
  const found = await services.subscriptions.find(consumer, id, session)
  if (found === undefined) throw new Error(`Subscription ${id} is not to be seen yet.`)
  if (found.settling?.lease.token === token) return settleDeleted(services, found, token)
  if (!isSubscription(found)) return 'dropped'
  const lease = await claim(services, found, token)
  if (lease === undefined) return 'dropped'
  const endMs = services.clock.now() + WORK_MS
  const probed = lastProbed(lease)
  const after = message.after ?? probed
  return runDrain({ services, lease, endMs, after, hasSkipped: probed !== '' })
}

/** Takes the lease over under a token of its own, so that a second copy of the message finds nothing to do. */
async function claim(
  services: Services,
  found: Stored<SubscriptionDocument>,
  token: string,
): Promise<DrainLease | undefined> {
  const ownToken = services.newToken()
  const now = services.clock.now()
  const updated = await updateSubscription(services.subscriptions, found, (current) =>
    current.circuit !== undefined && leaseOf(current.circuit)?.token === token
      ? withCircuit(current, claimed(current.circuit, now, ownToken))
      : undefined,
  )
  return updated && createDrainLease(services, updated, ownToken)
}

/** Where the last probe was, for the next one. */
function lastProbed(lease: DrainLease): string {
  const circuit = lease.circuit()
  return circuit?.state === 'half-open' ? (circuit.after ?? '') : ''
}

/** Stops where the subscription is deleted or its lease another's by now, as far as the index knows. */
async function checkLease({ services, lease }: Drain): Promise<void> {
  const { number } = lease.subscription()
  const known = (await services.index.current()).get(number)
  if (services.index.isDeleted(number) || (known !== undefined && lease.isSupersededBy(known)))
    lease.lose()
}

/** Goes from state to state until the circuit is closed, open again or lost, or its time is over. */
async function runDrain(drain: Drain): Promise<string> {
  const { services, lease, endMs } = drain
  for (let circuit = lease.circuit(); circuit !== undefined; circuit = lease.circuit()) {
    if (services.clock.now() >= endMs) await lease.handOver(0, drain.after)
    else
      await step(drain, circuit).catch(async (error: unknown) => {
        await lease.handOver(RETRY_SECONDS) // the message of this drain is of no use any more: its token is spent
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
      return settleDisabled(drain, circuit)
    case 'closed':
    case 'open':
      throw new Error(`A circuit that is ${circuit.state} is nobody's to drain.`)
  }
}
