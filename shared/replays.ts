import type { Database } from '@azure/cosmos'
import { queryAll, readDocument, replaceUnchanged, type Stored } from './documents.ts'
import { insert } from './insert.ts'

/** What a replay sends again: dead deliveries, events that never had a delivery, or both and the delivered ones too. */
export type Only = 'dead' | 'missing' | 'all'

/** A replay that a subscriber asked for; its id says when. */
export interface ReplayDocument {
  v: 1
  id: string
  subscription: string
  only: Only
  /** ISO times of the events: from (inclusive) to (exclusive). */
  from: string
  to: string
  /** The id of the last event that was looked at. */
  cursor: string
  looked: number
  sent: number
  state: 'running' | 'done' | 'cancelled'
  /** Epoch seconds from which the sweep asks for the next page; absent when it is over. */
  due?: number
}

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

    running: (subscription: string) =>
      queryAll<Stored<ReplayDocument>>(container, RUNNING, { '@subscription': subscription }),

    /** The one asked for last. */
    async latest(subscription: string): Promise<ReplayDocument | undefined> {
      const all = await queryAll<ReplayDocument>(container, OF_SUBSCRIPTION, {
        '@subscription': subscription,
      })
      return all.toSorted((a, b) => (a.id < b.id ? 1 : -1))[0]
    },
    overdue: () =>
      queryAll<Stored<ReplayDocument>>(container, OVERDUE, {
        '@now': Math.floor(Date.now() / 1000),
      }),
  }
}
