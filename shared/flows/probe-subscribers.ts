import { disabledReason } from './attempt-delivery.ts'
import { ended, nowSeconds } from '../deliveries/delivery.ts'
import type { Stored } from '../azure/documents.ts'
import { forEachConcurrently } from '../azure/concurrency.ts'
import { claim } from './redrive-deliveries.ts'
import type { Services } from '../services.ts'
import { nextRelease, recovered } from '../subscriptions/circuit-breaker.ts'
import type { SubscriptionDocument } from '../subscriptions/subscription.ts'

const AT_ONCE = 16
const SUBSCRIBERS_AT_ONCE = 4
const PAGE = 100

/** Lets the next deliveries out of every subscription whose pause is over, and ends those of disabled ones. */
export async function releaseSubscribers(services: Services, endMs: number): Promise<void> {
  const matcher = await services.index.current()
  await forEachConcurrently(
    [...matcher.all()].filter(isTheirTime),
    SUBSCRIBERS_AT_ONCE,
    async ({ number }) => {
      const subscription =
        Date.now() > endMs ? undefined : await services.subscriptions.byNumber(number)
      if (subscription === undefined || !isTheirTime(subscription)) return // the index may be 3 s old
      if (subscription.disabled !== undefined) await settle(services, subscription, endMs)
      else await release(services, subscription)
    },
  )
}

interface State {
  pausedUntil?: SubscriptionDocument['pausedUntil'] | undefined
  disabled?: SubscriptionDocument['disabled'] | undefined
}
const isTheirTime = ({ pausedUntil = Infinity, disabled }: State): boolean =>
  disabled === undefined ? pausedUntil <= nowSeconds() : disabled.settled !== true

/** 1 delivery until one succeeds, then 10, 100, all. */
async function release(
  services: Services,
  subscription: Stored<SubscriptionDocument>,
): Promise<void> {
  const count = nextRelease(subscription)
  const oldest = count === 'all' ? [] : await waitingOf(services, subscription.number, count)
  if (count === 'all' || oldest.length === 0) return endPause(services, subscription)
  const until = nowSeconds() + Math.ceil(services.config.delivery.timeoutMs / 1000) // by then these have ended
  const { outcome } = await services.subscriptions.save({
    ...subscription,
    released: count,
    pausedUntil: until,
  })
  if (outcome === 'written')
    await forEachConcurrently(
      oldest,
      AT_ONCE,
      async (delivery) => void (await claim(services, delivery, true)),
    )
}

async function endPause(
  { subscriptions, index }: Services,
  subscription: Stored<SubscriptionDocument>,
): Promise<void> {
  await subscriptions.save({ ...recovered(subscription), _etag: subscription._etag })
  index.invalidate() // so that this very sweep sends what is overdue, and does not put it off once more
}

const waitingOf = (services: Services, number: number, count: number) =>
  services.deliveries.page(String(number), 'waiting', '', count)

/** What waits for a disabled subscription is dead, with its reason; once none is left, the subscription is settled. */
async function settle(
  services: Services,
  subscription: Stored<SubscriptionDocument>,
  endMs: number,
): Promise<void> {
  for (let left = PAGE; left === PAGE;) {
    if (Date.now() > endMs) return
    const waiting = await waitingOf(services, subscription.number, PAGE)
    await forEachConcurrently(waiting, AT_ONCE, async (delivery) => {
      await services.deliveries.save(ended(delivery, 'dead', disabledReason(subscription)))
    })
    left = waiting.length
  }
  const { disabled } = subscription
  if (disabled !== undefined)
    await services.subscriptions.save({ ...subscription, disabled: { ...disabled, settled: true } })
}
