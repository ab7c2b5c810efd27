import type { Stored } from '../azure/documents.ts'
import { nowSeconds } from '../clock.ts'
import type { Services } from '../services.ts'
import { leaseOf, newLease, withLease, type Circuit } from '../subscriptions/circuit-breaker.ts'
import { updateSubscription } from '../subscriptions/subscription-store.ts'
import { withCircuit, type SubscriptionDocument } from '../subscriptions/subscription.ts'
import { lastWrites, type Written } from './drained-writes.ts'
import { sendDrain, type Progress } from './send-drain.ts'

export type DrainLease = ReturnType<typeof createDrainLease>

/** A drain's lease on a subscription. Only this drain writes the circuit while the circuit has the lease's token. */
export function createDrainLease(
  services: Services,
  claimed: { document: Stored<SubscriptionDocument>; session: string | undefined },
  ownToken: string,
) {
  let { document, session } = claimed
  let token: string | undefined = ownToken
  let drained = document.drained ?? []

  /** Changes the circuit. Returns false when the lease is lost: another drain has it, or the circuit needs none. */
  async function change(next: (circuit: Circuit) => Circuit | undefined): Promise<boolean> {
    if (token === undefined) return false
    const updated = await updateSubscription(services.subscriptions, document, (current) =>
      current.circuit !== undefined && leaseOf(current.circuit)?.token === token
        ? { ...withCircuit(current, next(current.circuit)), ...(drained.length > 0 && { drained }) }
        : undefined,
    )
    token = updated && leaseOf(updated.document.circuit)?.token
    if (updated === undefined) return false
    ;({ document, session } = updated)
    services.index.invalidate()
    return true
  }
  return {
    change,

    /** Keeps what was written: the next change stores it for the drain after this one. */
    wrote(written: Written[]): void {
      drained = lastWrites(drained, written, nowSeconds(services.clock))
    },

    /** Returns the subscription as last read or written. */
    subscription: (): SubscriptionDocument => document,

    /** Gives up a lease that was lost. */
    lose: (): void => {
      token = undefined
    },

    /** Whether a later version of the subscription has another lease. */
    isSupersededBy: ({
      version,
      circuit,
    }: {
      version: number
      circuit?: Circuit | undefined
    }): boolean => version > document._ts && leaseOf(circuit)?.token !== token,

    /** Returns the circuit, or undefined when the lease is lost. */
    circuit: (): Circuit | undefined => (token === undefined ? undefined : document.circuit),

    /** Opens the circuit under a new lease and sends the message that drains it when that ends. */
    async open(next: (circuit: Circuit, token: string) => Circuit): Promise<void> {
      const nextToken = services.newToken()
      const opened = await change((circuit) => next(circuit, nextToken))
      token = undefined
      if (opened) await sendDrain(services, { document, session }, nextToken)
    },

    /** Hands the lease over to the next drain, which begins after `delaySeconds`. */
    async handOver(delaySeconds: number, progress?: Progress): Promise<void> {
      const lease = newLease(services.clock.now() + delaySeconds * 1000, services.newToken())
      const handed = await change((circuit) => withLease(circuit, lease))
      token = undefined
      if (handed)
        await sendDrain(services, { document, session }, lease.token, delaySeconds, progress)
    },
  }
}
