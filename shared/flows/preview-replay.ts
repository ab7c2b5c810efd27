import { retry } from '../azure/retry.ts'
import { deliveryStates, isOpen, type DeliveryDocument } from '../deliveries/delivery.ts'
import type { ReplayRequest } from '../deliveries/replay-store.ts'
import type { EventDocument } from '../events/event-document.ts'
import { boundAt } from '../events/event-id.ts'
import { bytesOf } from '../events/stored-size.ts'
import type { Services } from '../services.ts'
import type { SubscriptionDocument } from '../subscriptions/subscription.ts'
import { eventsFor } from './events-for.ts'
import { PAGE_BYTES } from './replay.ts'
import { requireRecords } from './start-replay.ts'

const MAX_EXAMINED = 1000 // deliveries or events that are examined

/**
 * Returns how many deliveries a replay would send now: "0" to "1000", with a + where it would examine more than 1,000
 * deliveries or events, or 8 MB of events, which are not counted. Throws a 400 as the replay would.
 */
export async function previewReplay(
  services: Services,
  subscription: SubscriptionDocument,
  request: ReplayRequest,
): Promise<string> {
  requireRecords(services, request)
  const bounds = {
    after: boundAt(Date.parse(request.from)),
    until: boundAt(Date.parse(request.to)),
  }
  const count = request.only === 'dead' ? countDead : countEvents
  const { found, hasMore } = await count(services, subscription, { ...bounds, only: request.only })
  return `${found}${hasMore ? '+' : ''}`
}

interface Interval extends Pick<ReplayRequest, 'only'> {
  after: string
  until: string
}

interface Counted {
  found: number
  hasMore: boolean
}

async function countDead(
  { deliveries }: Services,
  { number }: SubscriptionDocument,
  { after, until }: Interval,
): Promise<Counted> {
  const ids = await deliveries.ids(String(number), 'dead', { after, until, max: MAX_EXAMINED + 1 })
  return { found: Math.min(ids.length, MAX_EXAMINED), hasMore: ids.length > MAX_EXAMINED }
}

async function countEvents(
  services: Services,
  subscription: SubscriptionDocument,
  interval: Interval,
): Promise<Counted> {
  const { events, hasMore } = await retry(() => readEvents(services, subscription, interval))
  const fannedOut = events.filter(({ pending }) => pending === undefined) // the others are still to be sent anyway
  const wanted = await eventsFor(services, subscription, fannedOut)
  const skipped = await idsToSkip(services, subscription, interval, events)
  return { found: wanted.filter(({ id }) => !skipped.has(id)).length, hasMore }
}

async function readEvents(
  { events }: Services,
  { filters }: SubscriptionDocument,
  { after, until }: Interval,
): Promise<{ events: EventDocument[]; hasMore: boolean }> {
  const read: EventDocument[] = []
  let [bytes, hasMore] = [0, false]
  await events.ofResource(filters.resource, { after, until, max: MAX_EXAMINED + 1 }, (document) => {
    hasMore = read.length === MAX_EXAMINED || bytes >= PAGE_BYTES
    if (hasMore) return false
    read.push(document)
    bytes += bytesOf(document.event)
    return true
  })
  return { events: read, hasMore }
}

/** Returns the events that it would not send: those that wait, and where only missing ones are sent, those with a delivery. */
async function idsToSkip(
  { deliveries }: Services,
  { number }: SubscriptionDocument,
  { only, after }: Interval,
  events: EventDocument[],
): Promise<Set<string>> {
  const last = events.at(-1)?.id
  if (last === undefined) return new Set()
  const states = deliveryStates.filter((state) => only === 'missing' || isOpen({ state }))
  const bounds = { after, until: `${last}~`, max: MAX_EXAMINED }
  const idsOf = (state: DeliveryDocument['state']) => deliveries.ids(String(number), state, bounds)
  return new Set((await Promise.all(states.map(idsOf))).flat())
}
