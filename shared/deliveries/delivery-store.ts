import type { Database } from '@azure/cosmos'
import type { DeliveryDocument, DeliveryState } from './delivery.ts'
import { queryAll, readDocument, replaceIfMatch, type Stored } from '../azure/documents.ts'
import { createDocument } from '../azure/create.ts'

const OVERDUE = 'SELECT TOP 100 * FROM c WHERE c.due > 0 AND c.due <= @now ORDER BY c.due'
const OLDEST = 'SELECT VALUE MIN(c.due) FROM c WHERE c.due > 0'
const WAITING = 'SELECT VALUE COUNT(1) FROM c WHERE c.due > 0'
const DEAD_SINCE = 'SELECT VALUE COUNT(1) FROM c WHERE c.due <= @since'
const PAGE = `SELECT TOP @count * FROM c
  WHERE c.subscription = @subscription AND c.state = @state AND c.id > @after
  ORDER BY c.subscription, c.state, c.id`

/** The records of deliveries: what is waiting, what became of the rest. */
export function openDeliveryStore(database: Database) {
  const container = database.container('deliveries')
  return {
    add: (document: DeliveryDocument) => createDocument(container, document),

    find: (subscription: string, event: string, session?: string) =>
      readDocument<DeliveryDocument>(container, event, [subscription, event], session),

    /** Stores a record that is still as it was read, as it is now. */
    save: (delivery: Stored<DeliveryDocument>) =>
      replaceIfMatch(container, delivery, [delivery.subscription, delivery.id]),

    /** At most 100 waiting deliveries that are overdue, the longest first. */
    overdue: () =>
      queryAll<Stored<DeliveryDocument>>(container, OVERDUE, {
        '@now': Math.floor(Date.now() / 1000),
      }),

    /** One subscription's deliveries in a state, oldest event first, after the event `after`. */
    page: (subscription: string, state: DeliveryState, after: string, count: number) =>
      queryAll<Stored<DeliveryDocument>>(container, PAGE, {
        '@subscription': subscription,
        '@state': state,
        '@after': after,
        '@count': count,
      }),

    /** Numbers for the gauge line. */
    async gauge(): Promise<{ oldestDueSeconds: number; waiting: number; deadLastHour: number }> {
      const now = Math.floor(Date.now() / 1000)
      const [[oldest], [waiting = 0], [deadLastHour = 0]] = await Promise.all([
        queryAll<number | null>(container, OLDEST),
        queryAll<number>(container, WAITING),
        queryAll<number>(container, DEAD_SINCE, { '@since': 3600 - now }),
      ])
      return { oldestDueSeconds: Math.max(0, now - (oldest ?? now)), waiting, deadLastHour }
    },
  }
}
