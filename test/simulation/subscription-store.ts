import type { Change } from '../../shared/subscriptions/subscription-changes.ts'
import type { openSubscriptionStore } from '../../shared/subscriptions/subscription-store.ts'
import {
  isSubscription,
  dueOf,
  type SubscriptionOrTombstone,
} from '../../shared/subscriptions/subscription.ts'
import type { Connection } from './connection.ts'
import { ascending, top } from './select.ts'

/** The subscription store over a simulated container. `pageSize` is the number of subscriptions in a page of changes. */
export function simulatedSubscriptionStore(
  connection: Connection<SubscriptionOrTombstone>,
  { pageSize, nextNumber }: { pageSize: number; nextNumber: () => number },
): ReturnType<typeof openSubscriptionStore> {
  const keyOf = (consumer: string, id: string) => `${consumer}/${id}`
  const withDue = <T extends SubscriptionOrTombstone>(document: T): T => ({
    ...document,
    due: dueOf(document),
  })
  return {
    add: (document) =>
      connection.create(
        keyOf(document.consumer, document.id),
        document.consumer,
        withDue(document),
      ),
    find: (consumer, id, session) => connection.read(keyOf(consumer, id), consumer, session),
    save: (document) =>
      connection.replace(
        keyOf(document.consumer, document.id),
        document.consumer,
        withDue(document),
      ),
    byNumber: (number) =>
      connection.query(`subscription ${number}`, (all) => {
        for (const each of all) if (isSubscription(each) && each.number === number) return each
        return undefined
      }),
    async ofConsumer(consumer, after, max) {
      const page: SubscriptionOrTombstone[] = await connection.query(
        `subscriptions of ${consumer}`,
        (all) =>
          top(
            max,
            all,
            (each) => each.consumer === consumer && each.number > after,
            ascending('number'),
          ),
      )
      const last = page.length < max ? undefined : page.at(-1)?.number
      return { found: page.filter(isSubscription), last }
    },
    overdue: (nowSeconds) =>
      connection.query('overdue subscriptions', (all) =>
        top(1000, all, ({ due = Infinity }) => due <= nowSeconds, ascending('due')),
      ),
    async *changedSince(since) {
      for (let after = 0, isLast = false; !isLast;) {
        const page: Change[] = await connection.query(`changes since ${since}`, (all) =>
          top(
            pageSize,
            all,
            ({ _ts, number }) => _ts >= since && number > after,
            ascending('number'),
          ),
        )
        yield page
        after = page.at(-1)?.number ?? after
        isLast = page.length < pageSize
      }
    },
    nextNumber: () => connection.query('next number', nextNumber),
  }
}
