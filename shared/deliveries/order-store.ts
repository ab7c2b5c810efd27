import { createHash } from 'node:crypto'
import type { Database } from '@azure/cosmos'
import { replaceIfMatch } from '../azure/conditional-write.ts'
import { createDocument } from '../azure/create.ts'
import { readDocument, type Stored } from '../azure/documents.ts'

/** How far an ordered subscription has come with the events of a subject. */
interface Progress {
  /** The number of `event`. */
  sequence: number
  /** The event that began last. */
  event: string
  /** An id or bound: the events up to it are over when `event` is. */
  floor: string
  /** The events after it that have begun. */
  begun: string[]
}

/**
 * The stored progress. It lies among the subscription's deliveries, without a state or a time, so no query for deliveries
 * finds it.
 */
export interface OrderDocument extends Progress {
  v: 1
  id: string
  /** The public number as text. */
  subscription: string
}

/** Returns the progress once an event has begun. Nothing is stored any more with an id up to `watermark`. */
export function withBegun(
  { sequence, floor, begun }: Progress,
  event: string,
  watermark: string,
): Progress {
  const reached = event < watermark ? event : watermark
  const next = reached > floor ? reached : floor
  const later = [...begun, event].filter((id) => id > next)
  return { sequence: sequence + 1, event, floor: next, begun: later }
}

/** Returns the id of the order of a resource's events with a subject. */
export const orderIdOf = ({ resource, subject }: { resource: string; subject: string }): string =>
  `order:${createHash('sha256')
    .update(JSON.stringify([resource, subject]))
    .digest('hex')}`

/** Opens the store of orders, by subscription. */
export function openOrderStore(database: Database) {
  const container = database.container('deliveries')
  return {
    add: (document: OrderDocument) => createDocument(container, document),

    find: (subscription: string, id: string) =>
      readDocument<OrderDocument>(container, id, [subscription, id]),

    save: (order: Stored<OrderDocument>) =>
      replaceIfMatch(container, order, [order.subscription, order.id]),
  }
}
