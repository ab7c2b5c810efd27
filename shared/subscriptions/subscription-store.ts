import type { Database } from '@azure/cosmos'
import { hasStatus } from '../azure/cosmos-error.ts'
import { CALL_MS } from '../azure/cosmos.ts'
import { queryAll, readDocument, replaceIfMatch, type Stored } from '../azure/documents.ts'
import { createDocument } from '../azure/create.ts'
import { changesIn } from './subscription-index.ts'
import type { SubscriptionDocument, Tombstone } from './subscription.ts'
import { withTimeout } from '../azure/timeout.ts'

const COUNTER = 'counter' // its own partition; it has no `number`, so the index never sees it
const counter = { id: COUNTER, consumer: COUNTER, last: 0 }
const BY_NUMBER = 'SELECT * FROM c WHERE c.number = @number'
const OF_CONSUMER = 'SELECT * FROM c WHERE c.consumer = @consumer AND c.number > 0'

type Modify = (current: SubscriptionDocument) => SubscriptionDocument | undefined
interface Changed {
  subscription: SubscriptionDocument
  session: string | undefined
}
type Any = Stored<SubscriptionDocument> | Stored<Tombstone>

/** Whether a document is a subscription, and not what is left of one. */
export const isSubscription = (found: Any | undefined): found is Stored<SubscriptionDocument> =>
  found !== undefined && !('deleted' in found)

/** The subscriptions, by consumer. */
export function openSubscriptionStore(database: Database) {
  const container = database.container('subscriptions')
  const find = (consumer: string, id: string, session?: string) =>
    readDocument<SubscriptionDocument | Tombstone>(container, id, consumer, session)

  async function increment(): Promise<number> {
    const operations = [{ op: 'incr' as const, path: '/last', value: 1 }]
    const { resource } = await withTimeout(CALL_MS, (abortSignal) =>
      container.item(COUNTER, COUNTER).patch<{ last: number }>(operations, { abortSignal }),
    )
    if (resource === undefined) throw new Error('The counter gave no number.')
    return resource.last
  }
  return {
    add: (document: SubscriptionDocument) => createDocument(container, document),

    /** The subscription or tombstone at its full key. */
    find,

    /** The subscription of a public id, whoever owns it. */
    async byNumber(number: number): Promise<Stored<SubscriptionDocument> | undefined> {
      const found = await queryAll<Any>(container, BY_NUMBER, { '@number': number })
      return found.find(isSubscription)
    },
    async ofConsumer(consumer: string): Promise<SubscriptionDocument[]> {
      return (await queryAll<Any>(container, OF_CONSUMER, { '@consumer': consumer })).filter(
        isSubscription,
      )
    },
    /** Stores a document in the place of one that is still as it was read. */
    save: (document: Stored<SubscriptionDocument | Tombstone>) =>
      replaceIfMatch(container, document, document.consumer),

    /**
     * Stores what `modify` makes of a subscription, and does it again on what is there where another was first. Gives what
     * was stored and the session of the write; undefined where `modify` gives nothing, or the subscription is gone.
     */
    async change(read: Stored<SubscriptionDocument>, modify: Modify): Promise<Changed | undefined> {
      let current: Any | undefined = read
      while (isSubscription(current) && current.number === read.number) {
        const modified = modify(current)
        if (modified === undefined) return undefined
        const subscription = { ...modified, _etag: current._etag }
        const { outcome, session } = await replaceIfMatch(container, subscription, read.consumer)
        if (outcome === 'written') return { subscription, session }
        current = await find(read.consumer, read.id)
      }
      return undefined
    },

    /** What was written since a second, for the index. */
    changedSince: changesIn(container),

    /** A new public id: a 32-bit integer, ascending, with gaps where a creation failed. */
    async nextNumber(): Promise<number> {
      try {
        return await increment()
      } catch (error) {
        if (!hasStatus(error, 404)) throw error
        await createDocument(container, counter)
        return increment()
      }
    },
  }
}
