import { compareAndSet } from '../azure/conditional-write.ts'
import type { Stored } from '../azure/documents.ts'
import { cancelled, DELETED, isOpen, type DeliveryDocument } from '../deliveries/delivery.ts'
import type { Services } from '../services.ts'
import { unsavedOutcome } from './send-webhook.ts'
import { storeOutcome } from './store-outcome.ts'

/**
 * Stores a change of a delivery if its state, run and attempt are still those that were read; the sweep may have
 * claimed it since. Returns the stored state, or `changed` when the delivery has moved on. Where it has arrived, which could not be
 * stored, that is stored instead: whatever ended or postponed it would have it sent again.
 */
export async function changeDelivery(
  services: Services,
  read: Stored<DeliveryDocument>,
  change: (current: Stored<DeliveryDocument>) => DeliveryDocument,
): Promise<DeliveryDocument['state'] | 'changed'> {
  const arrived = await storeArrival(services, read)
  if (arrived !== undefined) return arrived
  const { deliveries } = services
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

/** Stores that a delivery has arrived, where that could not be stored before. Returns as `changeDelivery`, or undefined. */
export async function storeArrival(
  services: Services,
  read: Stored<DeliveryDocument>,
): Promise<DeliveryDocument['state'] | 'changed' | undefined> {
  const unsaved = unsavedOutcome(services, read)
  if (unsaved?.outcome.kind !== 'delivered') return undefined
  const stored = await storeOutcome(services, read, unsaved)
  return stored?.document.state ?? 'changed'
}

/** Cancels an open delivery of a deleted subscription, which nothing brings back. Throws when it is not visible yet. */
export async function cancelDeleted(
  services: Services,
  subscription: string,
  id: string,
  session?: string,
): Promise<DeliveryDocument['state'] | 'changed'> {
  const stored = await services.deliveries.find(subscription, id, session)
  if (stored === undefined) throw new Error(`Delivery ${id} is not visible yet.`)
  if (!isOpen(stored)) return stored.state
  return changeDelivery(services, stored, (delivery) => cancelled(delivery, DELETED))
}
