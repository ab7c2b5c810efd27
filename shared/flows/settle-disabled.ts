import { nowSeconds } from '../clock.ts'
import { dead } from '../deliveries/delivery.ts'
import { CLOSING_SECONDS, type Circuit } from '../subscriptions/circuit-breaker.ts'
import type { Drain } from './drain-backlog.ts'
import { endAll, openDeliveriesOf } from './settle.ts'

/**
 * Ends a page of what waits for a disabled subscription. The lease is written between the read and the end: that proves
 * that it was still disabled when all of the page was there, so that nothing dies that was published after it was enabled
 * again. With nothing left, and none to come that did not know, the circuit needs no lease any more.
 */
export async function settleDisabled(
  { services, lease }: Drain,
  { reason, since }: Circuit & { state: 'disabled' },
): Promise<void> {
  const page = await openDeliveriesOf(services, lease.subscription().number)
  if (page.length > 0) {
    if (await lease.change((circuit) => circuit))
      await endAll(services, page, (delivery) =>
        dead(delivery, `the subscription is disabled: ${reason}`, nowSeconds(services.clock)),
      )
    return
  }
  const left = Math.ceil(Date.parse(since) / 1000) + CLOSING_SECONDS - nowSeconds(services.clock)
  if (left > 0) return lease.handOn(left)
  await lease.change(withoutLease)
}

function withoutLease(circuit: Circuit): Circuit {
  if (circuit.state !== 'disabled') return circuit
  const { lease: _lease, ...settled } = circuit
  return settled
}
