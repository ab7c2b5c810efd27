import { forEachConcurrently } from '../azure/concurrency.ts'
import type { Stored } from '../azure/documents.ts'
import type { DeliveryDocument } from '../deliveries/delivery.ts'
import type { Services } from '../services.ts'
import { changeDelivery } from './change-delivery.ts'

const PAGE = 100
const CONCURRENCY = 16
const OPEN = ['waiting', 'backlog'] as const // a delivery may move from the first to the second

/**
 * Calls `end` with each page of the open deliveries of a subscription, in order of id, so that a delivery which a
 * lagging replica still shows comes once. Returns whether there were none. Stops at `endMs` (epoch milliseconds), or
 * when `end` returns false.
 */
export async function forEachOpenPage(
  { deliveries, clock }: Services,
  number: number,
  endMs: number,
  end: (page: Stored<DeliveryDocument>[]) => Promise<boolean>,
): Promise<boolean> {
  let isNone = true
  for (const state of OPEN)
    for (let after = ''; clock.now() < endMs;) {
      const page = await deliveries.page(String(number), state, after, PAGE)
      if (page.length === 0) break
      isNone = false
      if (!(await end(page))) return false
      after = page.at(-1)?.id ?? after
    }
  return isNone && clock.now() < endMs
}

/** Ends deliveries. Leaves those that have moved on. */
export const endAll = (
  services: Services,
  page: Stored<DeliveryDocument>[],
  end: (delivery: DeliveryDocument) => DeliveryDocument,
): Promise<void> =>
  forEachConcurrently(page, CONCURRENCY, async (delivery) => {
    await changeDelivery(services, delivery, end)
  })
