import { forEachConcurrently } from '../azure/concurrency.ts'
import type { Stored } from '../azure/documents.ts'
import type { DeliveryDocument } from '../deliveries/delivery.ts'
import type { Services } from '../services.ts'
import { changeDelivery } from './change-delivery.ts'

const PAGE = 100
const AT_ONCE = 16
const OPEN = ['backlog', 'waiting'] as const

/** Returns some deliveries of a subscription that are open; none where all have ended. */
export async function openDeliveriesOf(
  { deliveries }: Services,
  number: number,
): Promise<Stored<DeliveryDocument>[]> {
  for (const state of OPEN) {
    const page = await deliveries.page(String(number), state, '', PAGE)
    if (page.length > 0) return page
  }
  return []
}

/** Ends deliveries by their owner's will. One that has moved on meanwhile is left as it is. */
export const endAll = (
  services: Services,
  page: Stored<DeliveryDocument>[],
  end: (delivery: DeliveryDocument) => DeliveryDocument,
): Promise<void> =>
  forEachConcurrently(page, AT_ONCE, async (delivery) => {
    await changeDelivery(services, delivery, end)
  })
