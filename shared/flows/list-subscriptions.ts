import { parseSize } from '../events/read-request.ts'
import { Problem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import { subscriptionResource } from '../subscriptions/subscription-resource.ts'
import { nextPageUrl } from './read-events.ts'

const MAX_SIZE = 1000

/**
 * Returns a page of a consumer's subscriptions, and the address of the next page where there may be one. A page has up to
 * 1,000, or `size`; it can have fewer, as one of events can. Throws a 400.
 */
export async function pageOfSubscriptions(
  { subscriptions: store }: Pick<Services, 'subscriptions'>,
  consumer: string,
  { url, query }: { url: string; query: URLSearchParams },
) {
  const after = parsePosition(query.get('after') ?? '0')
  const max = parseSize(query.get('size') ?? undefined, MAX_SIZE)
  const { found, last } = await store.ofConsumer(consumer, after, max)
  const subscriptions = found.map(subscriptionResource)
  return {
    page: { count: subscriptions.length, subscriptions },
    next: last === undefined ? undefined : nextPageUrl(url, String(last)),
  }
}

/** Returns the id of the last subscription of the page before. Throws a 400. */
export function parsePosition(after: string): number {
  if (/^\d{1,10}$/.test(after)) return Number(after)
  throw new Problem(400, `"after" must be the id of a subscription`)
}
