import { nowSeconds } from '../clock.ts'
import { dead } from '../deliveries/delivery.ts'
import { CLOSING_SECONDS, type Circuit } from '../subscriptions/circuit-breaker.ts'
import type { Drain } from './drain-backlog.ts'
import { endAll, forEachOpenPage } from './settle.ts'

const RECHECK_SECONDS = 20 // a replica may still show what was just ended

/**
 * Ends the open deliveries of a disabled subscription. Writes the lease between reading a page and ending it: that
 * proves that the subscription was still disabled when the page was read, so no delivery dies that was published after
 * it was enabled again. Gives up the lease when no delivery is left and none can follow.
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
  const left = Math.min(CLOSING_SECONDS, over - nowSeconds(services.clock)) // no longer than a message may wait
  if (isNone && left <= 0) await lease.change(withoutLease)
  else await lease.handOver(Math.max(left, isNone ? 0 : RECHECK_SECONDS))
}

function withoutLease(circuit: Circuit): Circuit {
  if (circuit.state !== 'disabled') return circuit
  const { lease: _lease, ...settled } = circuit
  return settled
}
