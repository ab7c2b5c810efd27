import type { Database } from '@azure/cosmos'
import { queryCrossPartition, readDocument, type Stored } from '../azure/documents.ts'
import { boundAt } from '../events/event-id.ts'
import { replaceIfMatch } from '../azure/conditional-write.ts'
import { createDocument } from '../azure/create.ts'

/** What to replay: dead deliveries, events without a delivery, or all events of the interval. */
type Only = 'dead' | 'missing' | 'all'

/** A request to replay; ISO times of events, `from` inclusive, `to` exclusive. */
export interface ReplayRequest {
  only: Only
  from: string
  to: string
}

/** A stored replay. Its id contains the time of the request. */
export interface ReplayDocument extends ReplayRequest {
  v: 1
  id: string
  subscription: string
  /** The id of the last event examined. */
  cursor: string
  examined: number
  sent: number
  state: 'running' | 'done' | 'cancelled'
  /** Epoch seconds from which the sweep sends the message for the next page; absent when the replay is over. */
  due?: number
}

/** Returns a replay before its first page. */
export const newReplay = (
  id: string,
  subscription: string,
  request: ReplayRequest,
  due: number,
): ReplayDocument => ({
  v: 1,
  id,
  subscription,
  ...request,
  cursor: boundAt(Date.parse(request.from)),
  examined: 0,
  sent: 0,
  state: 'running',
  due,
})

/** Returns a replay that is over: the sweep leaves it alone. */
export function endedReplay(
  { due: _due, ...replay }: Stored<ReplayDocument>,
  state: 'done' | 'cancelled',
): Stored<ReplayDocument> {
  return { ...replay, state }
}

const OVERDUE = 'SELECT TOP 100 * FROM c WHERE c.due <= @now ORDER BY c.due'

/** Opens the store of replays, by subscription. */
export function openReplayStore(database: Database) {
  const container = database.container('replays')
  return {
    add: (document: ReplayDocument) => createDocument(container, document),

    find: (subscription: string, id: string, session?: string) =>
      readDocument<ReplayDocument>(container, id, subscription, session),

    save: (replay: Stored<ReplayDocument>) =>
      replaceIfMatch(container, replay, replay.subscription),

    /** Returns at most 100 replays whose `due` (epoch seconds) has passed, the earliest first. */
    overdue: (nowSeconds: number) =>
      queryCrossPartition<Stored<ReplayDocument>>(container, OVERDUE, { '@now': nowSeconds }),
  }
}
