import { nowSeconds } from '../clock.ts'
import { dead } from '../deliveries/delivery.ts'
import { CLOSING_SECONDS, type Circuit } from '../subscriptions/circuit-breaker.ts'
import type { Drain } from './drain-state.ts'
import { endAll, forEachOpenPage } from './open-deliveries.ts'

const RECHECK_SECONDS = 20 // a replica may still show what was just ended

/**
 * Ends the open deliveries of a disabled subscription. Writes the lease between reading a page and ending it: that
 * proves that the subscription was still disabled when the page was read, so no delivery dies that was published after
 * it was enabled again. Gives up the lease when two checks, a minute apart, find no delivery left.
 */
export async function endOpenDeliveries(
  { services, lease, endMs }: Drain,
  { reason, hasChecked }: Circuit & { state: 'disabled' },
): Promise<void> {
  const { number } = lease.subscription()
  const isNone = await forEachOpenPage(services, number, endMs, async (page) => {
    const isDisabled = await lease.change((circuit) => circuit)
    if (isDisabled)
      await endAll(services, page, (delivery) =>
        dead(delivery, `the subscription is disabled: ${reason}`, nowSeconds(services.clock)),
      )
    return isDisabled
  })
  if (services.clock.now() >= endMs) return // runDrain hands over at once
  if (isNone) await lease.change(hasChecked === true ? withoutLease : checked)
  await lease.handOver(isNone ? CLOSING_SECONDS : RECHECK_SECONDS)
}

/** Returns the circuit after a first check that found nothing; a new drain of it starts over. */
const checked = (circuit: Circuit): Circuit =>
  circuit.state === 'disabled' ? { ...circuit, hasChecked: true } : circuit

/** Returns the circuit without a lease, or the same one when a delivery has joined the backlog since the first check. */
function withoutLease(circuit: Circuit): Circuit {
  if (circuit.state !== 'disabled' || circuit.hasChecked !== true) return circuit
  const { lease: _lease, hasChecked: _checked, ...ended } = circuit
  return ended
}
