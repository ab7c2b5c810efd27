import { nowSeconds } from '../clock.ts'
import { dead } from '../deliveries/delivery.ts'
import { CLOSING_SECONDS, type Circuit } from '../subscriptions/circuit-breaker.ts'
import type { Drain } from './drain-backlog.ts'
import { endAll, forEachOpenPage } from './settle.ts'

const RECHECK_SECONDS = 20 // what has just been ended may be shown by a replica for a while

/**
 * Ends what waits for a disabled subscription. The lease is written between the read of a page and its end: that proves that
 * it was still disabled when all of the page was there, so that nothing dies that was published after it was enabled again.
 * With nothing left, and none to come that did not know, the circuit needs no lease any more.
 */
export async function settleDisabled(
  { services, lease, endMs }: Drain,
  { reason, since }: Circuit & { state: 'disabled' },
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
  if (lease.circuit() === undefined || services.clock.now() >= endMs) return
  const over = Math.ceil(Date.parse(since) / 1000) + CLOSING_SECONDS
  const left = Math.min(CLOSING_SECONDS, over - nowSeconds(services.clock)) // no longer than a message waits
  if (isNone && left <= 0) await lease.change(withoutLease)
  else await lease.handOver(Math.max(left, isNone ? 0 : RECHECK_SECONDS))
}

function withoutLease(circuit: Circuit): Circuit {
  if (circuit.state !== 'disabled') return circuit
  const { lease: _lease, ...settled } = circuit
  return settled
}
