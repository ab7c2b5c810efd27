import type { Database } from '@azure/cosmos'
import { queryAll, readDocument, replaceUnchanged, type Stored } from './documents.ts'
import { boundAt, newEventId } from './event-id.ts'
import { insert } from './insert.ts'

/** Which: dead deliveries, events that never had a delivery, or both and the delivered ones too. */
type Only = 'dead' | 'missing' | 'all'

/** What a replay is asked to do; ISO times of the events, from (inclusive) to (exclusive). */
export interface ReplayRequest {
  only: Only
  from: string
  to: string
}

/** A replay that a subscriber asked for; its id says when. */
export interface ReplayDocument extends ReplayRequest {
  v: 1
  id: string
  subscription: string
  /** The id of the last event that was looked at. */
  cursor: string
  looked: number
  sent: number
  state: 'running' | 'done' | 'cancelled'
  /** Made when a subscription is validated, not asked for: it neither shows nor stands in the way of others. */
  auto?: true
  /** Epoch seconds from which the sweep asks for the next page; absent when it is over. */
  due?: number
}

/** A replay that is about to begin. */
export const newReplay = (
  subscription: string,
  request: ReplayRequest,
  due: number,
): ReplayDocument => ({
  v: 1,
  id: newEventId(),
  subscription,
  ...request,
  cursor: boundAt(Date.parse(request.from)),
  looked: 0,
  sent: 0,
  state: 'running',
  due,
})

const RUNNING = 'SELECT * FROM c WHERE c.subscription = @subscription AND c.due > 0'
const OF_SUBSCRIPTION = 'SELECT * FROM c WHERE c.subscription = @subscription'
const OVERDUE = 'SELECT TOP 100 * FROM c WHERE c.due <= @now ORDER BY c.due'

/** The replays, by subscription. */
export function openReplays(database: Database) {
  const container = database.container('replays')
  return {
    add: (document: ReplayDocument) => insert(container, document),

    find: (subscription: string, id: string) =>
      readDocument<ReplayDocument>(container, id, subscription),

    save: (replay: Stored<ReplayDocument>) =>
      replaceUnchanged(container, replay, replay.subscription),

    /** Those asked for that are under way: one, or two for a moment. */
    async running(subscription: string): Promise<Stored<ReplayDocument>[]> {
      const parameters = { '@subscription': subscription }
      const all = await queryAll<Stored<ReplayDocument>>(container, RUNNING, parameters)
      return all.filter(({ auto }) => auto !== true)
    },

    /** The one asked for last. */
    async latest(subscription: string): Promise<ReplayDocument | undefined> {
      const all = await queryAll<ReplayDocument>(container, OF_SUBSCRIPTION, {
        '@subscription': subscription,
      })
      return all.filter(({ auto }) => auto !== true).toSorted((a, b) => (a.id < b.id ? 1 : -1))[0]
    },
    overdue: () =>
      queryAll<Stored<ReplayDocument>>(container, OVERDUE, {
        '@now': Math.floor(Date.now() / 1000),
      }),
  }
}
