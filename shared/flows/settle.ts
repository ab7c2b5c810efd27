import { forEachConcurrently } from '../azure/concurrency.ts'
import type { Stored } from '../azure/documents.ts'
import type { DeliveryDocument } from '../deliveries/delivery.ts'
import type { Services } from '../services.ts'
import { changeDelivery } from './change-delivery.ts'

const PAGE = 100
const CONCURRENCY = 16
const OPEN = ['waiting', 'backlog'] as const // the way they go: one that moves in between is seen

/**
 * Gives all deliveries of a subscription that are open to `end`, page by page in the order of their ids, so that one a
 * replica still shows is met once. Returns whether there were none; stops at `endMs` (epoch), or where `end` gives false.
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

/** Ends deliveries by their owner's will. One that has moved on meanwhile is left as it is. */
export const endAll = (
  services: Services,
  page: Stored<DeliveryDocument>[],
  end: (delivery: DeliveryDocument) => DeliveryDocument,
): Promise<void> =>
  forEachConcurrently(page, CONCURRENCY, async (delivery) => {
    await changeDelivery(services, delivery, end)
  })
