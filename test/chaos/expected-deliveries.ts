import { quantile } from '../../bench/support/statistics.ts'
import type { Accepted } from './publisher.ts'
import type { Subscriber } from './subscribers.ts'

/** A delivery that must be made: an accepted event to a subscriber that wants it. */
export interface ExpectedDelivery {
  event: Accepted
  subscriber: Subscriber
}

/** From the 201 to the first delivery, in ms. */
export interface Latencies {
  p50: number
  p99: number
  p999: number
  count: number
  /** How many were longer than `LATE_MS`. */
  late: number
}

/** What one in a thousand may take: the sweep finds what a killed process held after 60 s, at its next run 30 s later. */
export const MAX_LATENCY_MS = 120_000

/** Every delivery that some accepted events call for. */
export const expectedDeliveries = (
  accepted: Accepted[],
  subscribers: Subscriber[],
): ExpectedDelivery[] =>
  accepted.flatMap((event) =>
    subscribers
      .filter((subscriber) => subscriber.matches(event))
      .map((subscriber) => ({ event, subscriber })),
  )

/** Those that were not made (yet). */
export const undelivered = (owed: ExpectedDelivery[]): ExpectedDelivery[] =>
  owed.filter(({ event, subscriber }) => !subscriber.received.has(event.id))

/** How often a subscriber answered an event with success again, in all. */
export function countDuplicates(subscribers: Subscriber[]): number {
  const times = subscribers.flatMap(({ received }) =>
    [...received.values()].map((each) => each.times),
  )
  return times.reduce((sum, each) => sum + each - 1, 0)
}

/** From the 201 to the first delivery in ms; undefined where there was none. */
function latencyOf({ event, subscriber }: ExpectedDelivery): number | undefined {
  const first = subscriber.received.get(event.id)?.firstAt
  return first === undefined ? undefined : Math.max(0, first - event.at)
}

/** Returns the deliveries with the highest latency. */
export const slowestDeliveries = (owed: ExpectedDelivery[], count: number): string[] =>
  owed
    .map((each) => ({ ...each, wait: latencyOf(each) ?? 0 }))
    .toSorted((one, other) => other.wait - one.wait)
    .slice(0, count)
    .map(({ event, subscriber, wait }) => `${event.id} to ${subscriber.name}: ${wait} ms`)

export function latenciesOf(owed: ExpectedDelivery[]): Latencies {
  const waits = owed.map(latencyOf).filter((wait) => wait !== undefined)
  const [p50, p99, p999] = [0.5, 0.99, 0.999].map((share) => quantile(waits, share))
  const late = waits.filter((wait) => wait > MAX_LATENCY_MS).length
  return { p50: p50 ?? NaN, p99: p99 ?? NaN, p999: p999 ?? NaN, count: waits.length, late }
}
