import { compareAndSet } from '../azure/conditional-write.ts'
import type { Stored } from '../azure/documents.ts'
import type { DeliveryDocument } from '../deliveries/delivery.ts'
import type { Services } from '../services.ts'

/**
 * Stores a change of a delivery if its state, run and attempt are still those that were read; the sweep may have
 * claimed it since. Returns the stored state, or `changed` when the delivery has moved on.
 */
export async function changeDelivery(
  { deliveries }: Pick<Services, 'deliveries'>,
  read: Stored<DeliveryDocument>,
  change: (current: Stored<DeliveryDocument>) => DeliveryDocument,
): Promise<DeliveryDocument['state'] | 'changed'> {
  const isSame = ({ state, run, attempt }: DeliveryDocument) =>
    state === read.state && run === read.run && attempt === read.attempt
  const stored = await compareAndSet<DeliveryDocument>(
    read,
    (current) => (isSame(current) ? change(current) : undefined),
    {
      save: deliveries.save,
      reload: (session) => deliveries.find(read.subscription, read.id, session),
    },
  )
  return stored?.document.state ?? 'changed'
}
