import type { Database } from '@azure/cosmos'
import { queryAll, readDocument, type Stored } from '../azure/documents.ts'
import { boundAt } from '../events/event-id.ts'
import { replaceIfMatch } from '../azure/conditional-write.ts'
import { createDocument } from '../azure/create.ts'

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
  /** Epoch seconds from which the sweep asks for the next page; absent when it is over. */
  due?: number
}

/** A replay that is about to begin. */
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
  looked: 0,
  sent: 0,
  state: 'running',
  due,
})

const OVERDUE = 'SELECT TOP 100 * FROM c WHERE c.due <= @now ORDER BY c.due'

/** The replays, by subscription. */
export function openReplayStore(database: Database) {
  const container = database.container('replays')
  return {
    add: (document: ReplayDocument) => createDocument(container, document),

    find: (subscription: string, id: string) =>
      readDocument<ReplayDocument>(container, id, subscription),

    save: (replay: Stored<ReplayDocument>) =>
      replaceIfMatch(container, replay, replay.subscription),

    /** Returns at most 100 replays whose `due` (epoch seconds) has come, the earliest first. */
    overdue: (nowSeconds: number) =>
      queryAll<Stored<ReplayDocument>>(container, OVERDUE, { '@now': nowSeconds }),
  }
}
