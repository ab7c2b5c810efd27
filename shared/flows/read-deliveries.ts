import { byNewestEvent, isOpen, type DeliveryDocument } from '../deliveries/delivery.ts'
import type { Stored } from '../azure/documents.ts'
import { timeOf } from '../events/event-id.ts'
import { parseSize } from '../events/read-request.ts'
import { Problem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import type { SubscriptionDocument } from '../subscriptions/subscription.ts'
import { isAskedAboutSubunit, mayStillReceive } from './check-access.ts'

const DEFAULT_SIZE = 50
const MAX_SIZE = 200
/** Above every id. */
export const LAST = 'g'
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

type State = DeliveryDocument['state']

/** The states of the API, and the stored states that each stands for. */
const states: Record<string, State[]> = {
  waiting: ['waiting', 'backlog'],
  delivered: ['delivered'],
  dead: ['dead'],
  cancelled: ['cancelled'],
}

/**
 * Returns a page of a subscription's deliveries, by event; `next` is the `after` of the next page, absent on the last.
 * Throws a 400.
 */
export async function pageOfDeliveries(
  services: Services,
  subscription: SubscriptionDocument,
  query: URLSearchParams,
) {
  const { deliveries } = services
  const number = String(subscription.number)
  const after = query.get('after') ?? ''
  const wanted = parseStates(query.get('state') ?? 'all')
  const isNewestFirst = parseOrder(query.get('order') ?? 'oldest') === 'newest'
  const size = Math.min(parseSize(query.get('size') ?? undefined, DEFAULT_SIZE), MAX_SIZE)
  const [isShown, ...pages] = await Promise.all([
    subjectVisibility(services, subscription),
    ...wanted.map((state) =>
      isNewestFirst
        ? deliveries.newest(number, state, after === '' ? LAST : after, size)
        : deliveries.page(number, state, after, size),
    ),
  ])
  const newest = pages.flat().toSorted(byNewestEvent)
  const page = (isNewestFirst ? newest : newest.toReversed()).slice(0, size)
  const last = page.at(-1)?.id
  return {
    deliveries: page.map((delivery) => deliveryResource(delivery, isShown(delivery))),
    ...(page.length === size && last !== undefined && { next: last }),
  }
}

/** Returns the delivery of an event to a subscription. Throws a 404 when there is none. */
export async function requireDelivery(
  { deliveries }: Services,
  subscription: string,
  event: string,
): Promise<Stored<DeliveryDocument>> {
  const found = uuid.test(event) ? await deliveries.find(subscription, event) : undefined
  if (found === undefined)
    throw new Problem(404, `There is no delivery of event ${event} to this subscription.`)
  return found
}

/**
 * Returns whether the owner of a subscription may be told whom a delivery's event is about: not without the right to it, nor
 * while nobody decides about that. A list does not ask about each subunit: the delivery by itself does.
 */
export async function subjectVisibility(
  services: Services,
  { consumer, filters, accessBy }: SubscriptionDocument,
): Promise<(delivery: DeliveryDocument) => boolean> {
  const subscriber = { consumer, ...filters, accessBy }
  const may = await mayStillReceive(services, subscriber, undefined).catch(() => false)
  return ({ subject }) => may && !isAskedAboutSubunit(services, subscriber, subject)
}

/** Returns a delivery as the API shows it. What has arrived has told its subject. */
export function deliveryResource(delivery: DeliveryDocument, isSubjectShown: boolean) {
  const { id, resource, subject, run, attempts, state } = delivery
  const isShown = subject !== '' && (isSubjectShown || state === 'delivered')
  return {
    event: id,
    resource,
    ...(isShown && { subject }),
    acceptedAt: timeOf(id).toISOString(),
    ...deliveryOutcome(delivery),
    run,
    attempts,
  }
}

/** Returns what has become of a delivery, as its subscriber and the owner of the resource see it. */
export function deliveryOutcome({ state, sequence, reason, due }: DeliveryDocument) {
  return {
    state: isOpen({ state }) ? 'waiting' : state,
    ...(sequence !== undefined && { sequence }),
    ...(reason !== undefined && { reason }),
    ...(due !== undefined && { due: new Date(due * 1000).toISOString() }),
  }
}

function parseStates(state: string): State[] {
  if (state === 'all') return Object.values(states).flat()
  const wanted = Object.hasOwn(states, state) ? states[state] : undefined
  if (wanted !== undefined) return wanted
  throw new Problem(400, `"state" must be one of ${Object.keys(states).join(', ')}, all`)
}

function parseOrder(order: string): 'oldest' | 'newest' {
  if (order === 'oldest' || order === 'newest') return order
  throw new Problem(400, '"order" must be one of oldest, newest')
}
