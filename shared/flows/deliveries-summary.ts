import { byNewestEvent, type DeliveryDocument } from '../deliveries/delivery.ts'
import type { Services } from '../services.ts'
import { LAST } from './read-deliveries.ts'

const MAX_COUNTED = 1000

type State = DeliveryDocument['state']

/**
 * Returns how many of a subscription's deliveries wait or are dead, as text, "0" to "1000" or "1000+", and the newest event
 * that is delivered or dead, if any, with the time of its last attempt.
 */
export async function deliveriesSummary({ deliveries }: Services, number: number) {
  const subscription = String(number)
  const count = (state: State) => deliveries.count(subscription, state, MAX_COUNTED + 1)
  const newest = (state: State) => deliveries.newest(subscription, state, LAST, 1)
  const [waiting, backlog, dead, ...ended] = await Promise.all([
    count('waiting'),
    count('backlog'),
    count('dead'),
    newest('delivered'),
    newest('dead'),
  ])
  const [latest] = ended.flat().toSorted(byNewestEvent)
  return {
    counts: { waiting: countText(waiting + backlog), dead: countText(dead) },
    ...(latest !== undefined && { latest: latestResource(latest) }),
  }
}

const countText = (count: number): string =>
  count > MAX_COUNTED ? `${MAX_COUNTED}+` : String(count)

/** A delivery can be dead without an attempt; its time is then that of its end. */
function latestResource({ id, state, attempts, deadAt }: DeliveryDocument) {
  const ended = deadAt === undefined ? undefined : new Date(deadAt * 1000).toISOString()
  return { event: id, state, at: attempts.at(-1)?.at ?? ended }
}
