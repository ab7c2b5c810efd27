import type { Database } from '@azure/cosmos'
import { compareAndSet, replaceIfMatch } from '../azure/conditional-write.ts'
import { isNotFound } from '../azure/cosmos-error.ts'
import { CALL_MS } from '../azure/cosmos.ts'
import { createDocument } from '../azure/create.ts'
import { queryAll, queryCrossPartition, readDocument, type Stored } from '../azure/documents.ts'
import { withTimeout } from '../azure/timeout.ts'
import { changesIn } from './subscription-changes.ts'
import {
  isSubscription,
  dueOf,
  type SubscriptionDocument,
  type SubscriptionOrTombstone,
} from './subscription.ts'

const COUNTER = 'counter' // its own partition; it has no `number`, so the index never sees it
const counter = { id: COUNTER, consumer: COUNTER, last: 0 }
const BY_NUMBER = 'SELECT * FROM c WHERE c.number = @number'
const OF_CONSUMER =
  'SELECT TOP @max * FROM c WHERE c.consumer = @consumer AND c.number > @after ORDER BY c.number'
const OVERDUE = 'SELECT TOP 1000 * FROM c WHERE c.due <= @now ORDER BY c.due'

/** A written subscription, and the session token of the write. */
export interface Updated {
  document: Stored<SubscriptionDocument>
  session: string | undefined
}

/** A page of a consumer's subscriptions. */
interface Owned {
  found: SubscriptionDocument[]
  last: number | undefined
}

/** The subscriptions, by consumer, and what is left of deleted ones. Every write sets `due`. */
export function openSubscriptionStore(database: Database) {
  const container = database.container('subscriptions')
  const find = (consumer: string, id: string, session?: string) =>
    readDocument<SubscriptionOrTombstone>(container, id, consumer, session)
  const save = (document: Stored<SubscriptionOrTombstone>) =>
    replaceIfMatch(container, withDue(document), document.consumer)

  async function increment(): Promise<number> {
    const operations = [{ op: 'incr' as const, path: '/last', value: 1 }]
    const { resource } = await withTimeout(CALL_MS, (abortSignal) =>
      container.item(COUNTER, COUNTER).patch<{ last: number }>(operations, { abortSignal }),
    )
    if (resource === undefined) throw new Error('The counter gave no number.')
    return resource.last
  }
  return {
    add: (document: SubscriptionDocument) => createDocument(container, withDue(document)),

    /** Returns the subscription or tombstone with this key, or undefined when none is visible. */
    find,

    /** Returns the subscription with this public id, of any consumer. */
    async byNumber(number: number): Promise<Stored<SubscriptionDocument> | undefined> {
      const found = await queryAll<Stored<SubscriptionOrTombstone>>(container, BY_NUMBER, {
        '@number': number,
      })
      return found.find(isSubscription)
    },
    /**
     * Returns a consumer's subscriptions by number, of the first `max` documents after one; `last` is the number after
     * which there may be more.
     */
    async ofConsumer(consumer: string, after: number, max: number): Promise<Owned> {
      const documents = await queryAll<SubscriptionOrTombstone>(container, OF_CONSUMER, {
        '@consumer': consumer,
        '@after': after,
        '@max': max,
      })
      const last = documents.length < max ? undefined : documents.at(-1)?.number
      return { found: documents.filter(isSubscription), last }
    },

    /** Replaces a document that is unchanged since it was read. */
    save,

    /** Returns at most 1,000 documents whose `due` (epoch seconds) has passed, the earliest first. */
    overdue: (nowSeconds: number) =>
      queryCrossPartition<Stored<SubscriptionOrTombstone>>(container, OVERDUE, {
        '@now': nowSeconds,
      }),

    /** Yields what was written since an epoch second, for the index. */
    changedSince: changesIn(container),

    /** Returns a new public id: a 32-bit integer, ascending, with gaps where a creation failed. */
    async nextNumber(): Promise<number> {
      try {
        return await increment()
      } catch (error) {
        if (!isNotFound(error)) throw error
        await createDocument(container, counter)
        return increment()
      }
    },
  }
}

const withDue = <T extends SubscriptionOrTombstone>(document: T) => ({
  ...document,
  due: dueOf(document), // left out of the JSON when undefined
})

/**
 * Replaces a subscription by what `modify` returns, and retries with the current version after a concurrent write.
 * Returns undefined when `modify` does, or when the subscription is gone or replaced by another.
 */
export function updateSubscription(
  { find, save }: Pick<ReturnType<typeof openSubscriptionStore>, 'find' | 'save'>,
  read: Stored<SubscriptionDocument>,
  modify: (current: Stored<SubscriptionDocument>) => SubscriptionDocument | undefined,
): Promise<Updated | undefined> {
  return compareAndSet<SubscriptionDocument>(read, modify, {
    save,
    reload: async (session) => {
      const found = await find(read.consumer, read.id, session)
      return isSubscription(found) && found.number === read.number ? found : undefined
    },
  })
}
