// What a page of a replay puts into the backlog always has a due time: that of a drain, also where a run was interrupted.
import { forEachConcurrently } from '../azure/concurrency.ts'
import type { ReplayDocument } from '../deliveries/replay-store.ts'
import { timeOf } from '../events/event-id.ts'
import type { Services } from '../services.ts'
import type { SubscriptionDocument } from '../subscriptions/subscription.ts'
import { isLongAgo } from './await-event.ts'
import { cancelDeleted } from './change-delivery.ts'
import { startDrain } from './update-circuit.ts'

export const PAGE = 100 // items, at most
const CONCURRENCY = 16

/**
 * Puts items into the backlog and returns how many of them are there now. Starts the drain first: if this run dies, the
 * backlog has its due time, even if a lagging replica shows the next run an empty page. Starts it again afterwards: the
 * first drain may have found nothing yet, and where the subscription was deleted meanwhile, its deliveries may have been
 * cancelled before.
 */
export async function sendEach<T extends { id: string }>(
  services: Services,
  replay: ReplayDocument,
  subscription: SubscriptionDocument,
  items: T[],
  send: (item: T) => Promise<boolean>,
): Promise<number> {
  if (items.length === 0) {
    await drainLate(services, replay)
    return 0
  }
  if ((await startDrain(services, subscription)) === 'deleted') {
    await cancelEach(services, replay.subscription, await lateOf(services, replay))
    return 0
  }
  let sent = 0
  const concurrency = subscription.ordered ? 1 : CONCURRENCY // one after another, so that the drain finds the first
  await forEachConcurrently(items, concurrency, async (item) => {
    if (await send(item)) sent++
  })
  if (sent > 0 && (await startDrain(services, subscription)) === 'deleted')
    await cancelEach(services, replay.subscription, items)
  return sent
}

/**
 * Starts the drain of what an interrupted run of this page may have sent, so late that its own drain was over, or cancels
 * that where the subscription is deleted: its deliveries may have been cancelled before.
 */
export async function drainLate(services: Services, replay: ReplayDocument): Promise<void> {
  const late = await lateOf(services, replay)
  const [first] = late
  if (first === undefined) return
  const { consumer, subscriptionId: id } = first
  const subscriber = { consumer, id, number: Number(replay.subscription) }
  const isGone =
    isLongAgo(services.clock, timeOf(replay.id).getTime() / 1000) &&
    (await services.subscriptions.find(consumer, id)) === undefined
  if (isGone || (await startDrain(services, subscriber)) === 'deleted')
    await cancelEach(services, replay.subscription, late)
}

const lateOf = ({ deliveries }: Services, { subscription, cursor }: ReplayDocument) =>
  deliveries.page(subscription, 'backlog', cursor, PAGE)

const cancelEach = (services: Services, subscription: string, items: { id: string }[]) =>
  forEachConcurrently(items, CONCURRENCY, async ({ id }) => {
    await cancelDeleted(services, subscription, id)
  })
