import { forEachConcurrently } from '../azure/concurrency.ts'
import { timeOf } from '../events/event-id.ts'
import { parseSize } from '../events/read-request.ts'
import type { Services } from '../services.ts'
import type { SubscriptionEntry } from '../subscriptions/subscription.ts'
import { subscriberResource } from '../subscriptions/subscription-resource.ts'
import { parsePosition } from './list-subscriptions.ts'
import { nextPageUrl } from './read-events.ts'

const DEFAULT_SIZE = 50
const MAX_SIZE = 100 // two queries for each
const CONCURRENCY = 10

/**
 * Returns a page of the subscriptions to a resource, by id, with the time of the oldest event that waits for each; and the
 * address of the next page where there is one. The index is at most 5 s old. Throws a 400.
 */
export async function pageOfSubscribers(
  services: Services,
  resource: string,
  { url, query }: { url: string; query: URLSearchParams },
) {
  const after = parsePosition(query.get('after') ?? '0')
  const size = Math.min(parseSize(query.get('size') ?? undefined, DEFAULT_SIZE), MAX_SIZE)
  const matcher = await services.index.current()
  const left = [...matcher.all()]
    .filter((entry) => entry.resource === resource.toLowerCase() && entry.number > after)
    .toSorted((a, b) => a.number - b.number)
  const page = left.slice(0, size)
  const last = left.length > size ? page.at(-1) : undefined
  return {
    subscriptions: await withOldest(services, page),
    next: last && nextPageUrl(url, String(last.number)),
  }
}

async function withOldest(services: Services, page: SubscriptionEntry[]) {
  const oldest = new Map<number, string>()
  await forEachConcurrently(page, CONCURRENCY, async ({ number }) => {
    const time = await oldestWaiting(services, String(number))
    if (time !== undefined) oldest.set(number, time)
  })
  return page.map((entry) => {
    const oldestWaitingSince = oldest.get(entry.number)
    return {
      ...subscriberResource(entry),
      ...(oldestWaitingSince !== undefined && { oldestWaitingSince }),
    }
  })
}

/** Returns the ISO time at which the oldest event was accepted that waits for a subscription. */
async function oldestWaiting({ deliveries }: Services, subscription: string) {
  const [waiting, backlog] = await Promise.all([
    deliveries.page(subscription, 'waiting', '', 1),
    deliveries.page(subscription, 'backlog', '', 1),
  ])
  const [id] = [...waiting, ...backlog].map((each) => each.id).toSorted()
  return id === undefined ? undefined : timeOf(id).toISOString()
}
