import type { Stored } from '../azure/documents.ts'
import { nowSeconds } from '../clock.ts'
import { isOpen, nextRun, type DeliveryDocument } from '../deliveries/delivery.ts'
import type { Services } from '../services.ts'
import { sendRetry } from './store-outcome.ts'

/**
 * Starts a new run of a delivery that is over. It is attempted now and does not wait in the backlog. Returns the
 * delivery, or undefined when it is already waiting or another request was first.
 */
export async function redeliver(
  services: Services,
  delivery: Stored<DeliveryDocument>,
): Promise<DeliveryDocument | undefined> {
  if (isOpen(delivery)) return undefined
  const { _etag, _ts } = delivery
  const due = nowSeconds(services.clock) + services.config.repairAfterSeconds
  const anew = { ...nextRun(delivery), state: 'waiting' as const, due }
  const written = await services.deliveries.save({ ...anew, _etag, _ts })
  if (written.outcome === 'changed') return undefined
  await sendRetry(services, anew, 0, { delivery: written.session })
  return anew
}

/**
 * Puts a delivery that is over into the backlog, for its next run, which a replay begins. Returns whether it is in the backlog: a write that lost to
 * another may have lost to its own first try.
 */
export async function beginNextRun(
  { deliveries }: Services,
  delivery: Stored<DeliveryDocument>,
  replay: string,
): Promise<boolean> {
  if (isOpen(delivery)) return delivery.state === 'backlog'
  const { _etag, _ts, subscription, id } = delivery
  const anew = { ...nextRun(delivery), replay }
  const { outcome, session } = await deliveries.save({ ...anew, _etag, _ts })
  if (outcome === 'written') return true
  const current = await deliveries.find(subscription, id, session)
  return current?.state === 'backlog'
}
