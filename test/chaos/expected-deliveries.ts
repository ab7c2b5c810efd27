import { quantile } from '../../bench/support/statistics.ts'
import type { Accepted } from './publisher.ts'
import type { Subscriber } from './subscribers.ts'

/** A delivery that must be made: an accepted event, and a subscriber whose filter matches it. */
export interface ExpectedDelivery {
  event: Accepted
  subscriber: Subscriber
}

/** The latencies from the 201 to the first delivery, in ms. */
export interface Latencies {
  p50: number
  p99: number
  p999: number
  count: number
  /** The number above `MAX_LATENCY_MS`. */
  late: number
}

/**
 * The aim for p99.9. The work of a killed process is overdue after 60 s, the sweep runs every 30 s, and its message and
 * attempt follow.
 */
export const MAX_LATENCY_MS = 120_000

/** Returns every delivery that must be made of the accepted events. */
export const expectedDeliveries = (
  accepted: Accepted[],
  subscribers: Subscriber[],
): ExpectedDelivery[] =>
  accepted.flatMap((event) =>
    subscribers
      .filter((subscriber) => subscriber.matches(event))
      .map((subscriber) => ({ event, subscriber })),
  )

/** Returns the deliveries that have not succeeded yet. */
export const undelivered = (expected: ExpectedDelivery[]): ExpectedDelivery[] =>
  expected.filter(({ event, subscriber }) => !subscriber.received.has(event.id))

/** Returns the number of deliveries beyond the first of each event at each subscriber. */
export function countDuplicates(subscribers: Subscriber[]): number {
  const times = subscribers.flatMap(({ received }) =>
    [...received.values()].map((each) => each.times),
  )
  return times.reduce((sum, each) => sum + each - 1, 0)
}

/** Returns the latency in ms, or undefined when there was no delivery. */
function latencyOf({ event, subscriber }: ExpectedDelivery): number | undefined {
  const first = subscriber.received.get(event.id)?.firstAt
  return first === undefined ? undefined : Math.max(0, first - event.at)
}

/** Describes the `count` deliveries with the highest latency. */
export const slowestDeliveries = (expected: ExpectedDelivery[], count: number): string[] =>
  expected
    .map((each) => ({ ...each, latency: latencyOf(each) ?? 0 }))
    .toSorted((one, other) => other.latency - one.latency)
    .slice(0, count)
    .map(({ event, subscriber, latency }) => `${event.id} to ${subscriber.name}: ${latency} ms`)

export function latenciesOf(expected: ExpectedDelivery[]): Latencies {
  const latencies = expected.map(latencyOf).filter((latency) => latency !== undefined)
  const [p50, p99, p999] = [0.5, 0.99, 0.999].map((share) => quantile(latencies, share))
  const late = latencies.filter((latency) => latency > MAX_LATENCY_MS).length
  return { p50: p50 ?? NaN, p99: p99 ?? NaN, p999: p999 ?? NaN, count: latencies.length, late }
}
