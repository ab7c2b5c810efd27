import type { ReplayDocument } from '../../shared/deliveries/replay-store.ts'
import { boundAt } from '../../shared/events/event-id.ts'
import { replayPage } from '../../shared/flows/replay.ts'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { isSubscription } from '../../shared/subscriptions/subscription.ts'
import { eventOf, idOf, SECOND, startFlows, timeOfSecond } from './flow-fixture.ts'
import { subscription } from './subscription-fixture.ts'

export const REPLAY = idOf(0, 5)
export const replayOf = (given: Partial<ReplayDocument> = {}): ReplayDocument => ({
  v: 1,
  id: REPLAY,
  subscription: '1',
  only: 'dead',
  from: timeOfSecond(SECOND - 1000),
  to: timeOfSecond(SECOND - 5),
  cursor: boundAt((SECOND - 1000) * 1000),
  examined: 0,
  sent: 0,
  state: 'running',
  due: SECOND,
  ...given,
})

export function startReplay(given: Partial<ReplayDocument> = {}, circuit?: Circuit) {
  const flows = startFlows()
  flows.store(subscription(1, circuit && { circuit }))
  flows.containers.replays.insert(`1/${given.id ?? REPLAY}`, replayOf(given))
  return {
    ...flows,
    page: (id = REPLAY) =>
      flows.run(replayPage(flows.services, { v: 1, subscription: '1', replay: id })),
    replay: (id = REPLAY) => flows.containers.replays.find(`1/${id}`),
    circuit: () => {
      const found = flows.subscription()
      return isSubscription(found) ? found.circuit : undefined
    },
    sentTo: (queue: string) => flows.sent.filter((each) => each.queue === queue),
  }
}
export const dead = {
  state: 'dead',
  reason: 'gave up',
  attempt: 12,
  firstAttempt: 1,
  deadAt: 2,
} as const

/** Events of the resource, so many seconds old. */
export function addEvents(
  flows: ReturnType<typeof startReplay>,
  count: number,
  age: number,
  given = {},
): string[] {
  const ids = Array.from({ length: count }, (_, index) => idOf(index + 1, age))
  for (const id of ids) flows.addEvent(eventOf(id, given))
  return ids
}
