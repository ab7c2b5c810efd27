import type { Stored } from '../azure/documents.ts'
import type { Services } from '../services.ts'
import { leaseOf, newLease, withLease, type Circuit } from '../subscriptions/circuit-breaker.ts'
import { updateSubscription } from '../subscriptions/subscription-store.ts'
import { withCircuit, type SubscriptionDocument } from '../subscriptions/subscription.ts'
import { sendDrain } from './send-drain.ts'

export type DrainLease = ReturnType<typeof createDrainLease>

/** The lease of a drain on a subscription: the circuit is this drain's to write for as long as the token is in it. */
export function createDrainLease(
  services: Services,
  claimed: { document: Stored<SubscriptionDocument>; session: string | undefined },
  ownToken: string,
) {
  let { document, session } = claimed
  let token: string | undefined = ownToken

  /** Changes the circuit. Returns false where the lease is lost: another drain has it, or nobody needs one any more. */
  async function change(next: (circuit: Circuit) => Circuit | undefined): Promise<boolean> {
    const updated = await updateSubscription(services.subscriptions, document, (current) =>
      current.circuit !== undefined && leaseOf(current.circuit)?.token === token
        ? withCircuit(current, next(current.circuit))
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

    /** The subscription as it was last read or written. */
    subscription: (): SubscriptionDocument => document,

    /** Gives up what is another's, or nobody's, by now. */
    lose: (): void => {
      token = undefined
    },

    /** Whether a version of the subscription that was read later says that the lease is another's. */
    isSupersededBy: ({
      version,
      circuit,
    }: {
      version: number
      circuit?: Circuit | undefined
    }): boolean => version > document._ts && leaseOf(circuit)?.token !== token,

    /** The circuit, while the lease is held. */
    circuit: (): Circuit | undefined => (token === undefined ? undefined : document.circuit),

    /** Opens the circuit, with a lease of its own, and asks for the drain at the end of the pause. */
    async open(next: (circuit: Circuit, token: string) => Circuit): Promise<void> {
      const nextToken = services.newToken()
      const opened = await change((circuit) => next(circuit, nextToken))
      token = undefined
      if (opened) await sendDrain(services, { document, session }, nextToken)
    },

    /** Gives the lease to the next drain, which begins after so many seconds. */
    async handOver(delaySeconds: number, after?: string): Promise<void> {
      const lease = newLease(services.clock.now() + delaySeconds * 1000, services.newToken())
      const handed = await change((circuit) => withLease(circuit, lease))
      token = undefined
      if (handed)
        await sendDrain(services, { document, session }, lease.token, { delaySeconds, after })
    },
  }
}
