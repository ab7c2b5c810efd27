import { isOpen, newDelivery, type DeliveryDocument } from '../deliveries/delivery.ts'
import type { Stored } from '../azure/documents.ts'
import { nowSeconds } from '../clock.ts'
import { mayHaveExpired } from '../deliveries/retention.ts'
import type { EventDocument } from '../events/event-document.ts'
import { boundAt, timeOf } from '../events/event-id.ts'
import type { ReplayMessage } from '../messages.ts'
import { forEachConcurrently } from '../azure/concurrency.ts'
import { endedReplay, type ReplayDocument } from '../deliveries/replay-store.ts'
import { retry } from '../azure/retry.ts'
import { bytesOf } from '../events/stored-size.ts'
import type { Services } from '../services.ts'
import { isActive, type SubscriptionDocument } from '../subscriptions/subscription.ts'
import { isLongAgo } from './await-event.ts'
import { eventsFor } from './events-for.ts'
import { FIRST_FAN_OUT_MS, firstOfName } from './fan-out-message.ts'
import { beginNextRun } from './redeliver.ts'
import { drainLate, PAGE, sendEach } from './replay-backlog.ts'

export const PAGE_BYTES = 8_000_000 // of events: Cosmos DB returns 4 MB per round trip, and a query has 5 s
const MAX_LAG_SECONDS = 60 // who began the replay saw the subscription enabled, which a replica may not show yet
const CONCURRENCY = 16 // of replays that a sweep continues
const PAGE_INTERVAL_SECONDS = 1 // between pages, which limits a replay to 100 deliveries a second

/**
 * Adds one page of a replay to the backlog, starts a drain, and sends the message for the next page. Returns the
 * replay's state. Repeating a page is safe. Throws when the replay or its subscription is not visible yet.
 */
export async function replayPage(
  services: Services,
  { subscription: number, replay: id }: ReplayMessage,
): Promise<ReplayDocument['state']> {
  const replay = await services.replays.find(number, id)
  if (replay === undefined) throw new Error(`Replay ${id} is not visible yet.`)
  if (replay.state === 'done') return replay.state
  const isRunning = replay.state === 'running'
  const subscription = isRunning ? await findSubscription(services, replay) : undefined
  if (subscription === undefined) {
    await drainLate(services, replay)
    return isRunning ? finish(services, replay, 'cancelled') : replay.state
  }
  const page = replay.only === 'dead' ? deadPage : eventPage
  const { examined, sent, cursor, hasMore } = await page(services, replay, subscription)
  const done = { ...replay, examined: replay.examined + examined, sent: replay.sent + sent, cursor }
  return hasMore ? continueReplay(services, done) : finish(services, done, 'done')
}

/**
 * Returns the replay's subscription, or undefined when it is deleted or disabled. Throws when it may not be visible
 * yet.
 */
async function findSubscription(
  services: Services,
  replay: ReplayDocument,
): Promise<SubscriptionDocument | undefined> {
  const number = Number(replay.subscription)
  await services.index.current()
  if (services.index.isDeleted(number)) return undefined
  const found = await services.subscriptions.byNumber(number)
  const begun = timeOf(replay.id).getTime() / 1000
  if (found?.validated === undefined && !isLongAgo(services.clock, begun))
    throw new Error(`Subscription ${number} is not visible, or not validated, yet.`)
  const isRecent = nowSeconds(services.clock) - begun < MAX_LAG_SECONDS
  if (found !== undefined && !isActive(found) && isRecent)
    throw new Error(`Subscription ${number} is disabled, or its enabling is not visible yet.`)
  return found !== undefined && isActive(found) ? found : undefined
}

interface Page {
  examined: number
  /** How many deliveries this page added to the backlog. */
  sent: number
  cursor: string
  /** Whether more pages may follow. */
  hasMore: boolean
}

async function deadPage(
  services: Services,
  replay: ReplayDocument,
  subscription: SubscriptionDocument,
): Promise<Page> {
  const until = boundAt(Date.parse(replay.to))
  const found = await services.deliveries.page(replay.subscription, 'dead', replay.cursor, PAGE)
  const dead = found.filter(({ id }) => id < until)
  const notYetSent = dead.filter((delivery) => delivery.replay !== replay.id) // by an interrupted run of this page
  const sent = await sendEach(services, replay, subscription, notYetSent, (delivery) =>
    beginNextRun(services, delivery, replay.id),
  )
  return { ...endOf(dead, replay), sent, hasMore: dead.length === PAGE }
}

async function eventPage(
  services: Services,
  replay: ReplayDocument,
  subscription: SubscriptionDocument,
): Promise<Page> {
  const { resource } = subscription.filters
  const { events, hasMore } = await retry(() => readPage(services, replay, resource), services)
  const wanted = await eventsFor(services, subscription, events)
  const sent = await sendEach(services, replay, subscription, wanted, (event) =>
    sendEvent(services, replay, subscription, event),
  )
  return { ...endOf(events, replay), sent, hasMore }
}

/**
 * Returns the events of the next page. It ends at 100 events, at 8 MB, or before an event whose first fan-out may be
 * under way, since that would deliver the event too.
 */
async function readPage(
  services: Services,
  { cursor, to }: ReplayDocument,
  resource: string,
): Promise<{ events: EventDocument[]; hasMore: boolean }> {
  const bounds = { after: cursor, until: boundAt(Date.parse(to)), max: PAGE }
  const events: EventDocument[] = []
  const isYoung = ({ id, pending }: EventDocument) =>
    pending !== undefined && services.clock.now() - timeOf(id).getTime() < FIRST_FAN_OUT_MS
  let [bytes, hasMore] = [0, false]
  await services.events.ofResource(resource, bounds, (document) => {
    hasMore = isYoung(document)
    if (hasMore) return false
    events.push(document)
    bytes += bytesOf(document.event)
    hasMore = events.length >= PAGE || bytes >= PAGE_BYTES
    return !hasMore
  })
  return { events, hasMore }
}

const endOf = (items: { id: string }[], { cursor }: ReplayDocument) => ({
  examined: items.length,
  cursor: items.at(-1)?.id ?? cursor,
})

/** Returns whether this replay, or an interrupted run of the same page, added the event to the backlog. */
async function sendEvent(
  services: Services,
  { only, id: replay }: ReplayDocument,
  subscription: SubscriptionDocument,
  event: EventDocument,
): Promise<boolean> {
  const { clock, config } = services
  const age = { of: timeOf(event.id).getTime(), at: clock.now() }
  if (only === 'missing' && mayHaveExpired(age.of, config.delivery.retentionSeconds, age.at))
    return false // since the replay began: it may have arrived
  const isCompared = event.pending === undefined // by its fan-out
  if (!isCompared && (await firstOfName(services, event)) !== event.id) return false
  const delivery = { ...newDelivery(event, subscription), replay }
  const { outcome, session } = await services.deliveries.add(delivery)
  if (outcome === 'unconfirmed')
    throw new Error(`Delivery ${event.id} is not confirmed to be stored.`)
  if (outcome === 'created') return true
  const known = await services.deliveries.find(delivery.subscription, delivery.id, session)
  if (known === undefined) throw new Error(`Delivery ${event.id} is not visible yet.`)
  const isDone = known.replay === replay || isDeliveredSince(known, timeOf(replay)) // by an interrupted run of this page
  return isOpen(known) || (only === 'all' && !isDone)
    ? beginNextRun(services, known, replay)
    : false
}

/** Whether it was open, or there was none, when the replay began, and it has arrived since. */
function isDeliveredSince({ state, attempts }: DeliveryDocument, began: Date): boolean {
  const { at = '', ms = 0 } = attempts.at(-1) ?? {}
  return state === 'delivered' && Date.parse(at) + ms > began.getTime()
}

async function continueReplay(
  services: Services,
  replay: Stored<ReplayDocument>,
): Promise<ReplayDocument['state']> {
  const due = nowSeconds(services.clock) + services.config.repairAfterSeconds
  const { outcome } = await services.replays.save({ ...replay, due })
  if (outcome === 'written') await sendReplayPage(services, replay, PAGE_INTERVAL_SECONDS)
  return replay.state // otherwise another copy of this page was first, and sends the message
}

async function finish(
  { replays }: Services,
  replay: Stored<ReplayDocument>,
  state: 'done' | 'cancelled',
): Promise<ReplayDocument['state']> {
  await replays.save(endedReplay(replay, state))
  return state
}

/** Sends the message for the next page of a replay. */
export const sendReplayPage = (
  { replayQueue }: Services,
  { subscription, id }: ReplayDocument,
  delaySeconds = 0,
) => replayQueue.send({ v: 1, subscription, replay: id }, delaySeconds)

/** Sends the message for the next page again, for each overdue replay. */
export async function sweepReplays(services: Services): Promise<void> {
  await forEachConcurrently(
    await services.replays.overdue(nowSeconds(services.clock)),
    CONCURRENCY,
    async (replay) => void (await continueReplay(services, replay)),
    Infinity, // a failure stops no other
  )
}
