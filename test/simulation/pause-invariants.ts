import type { Cluster } from './cluster.ts'
import type { Timeline } from './timeline.ts'
import { formatTime } from './trace.ts'

const ENDS = ['half-open', 'disabled', 'deleted'] // resumed, a 410 of what was under way, or by its owner

/** Yields the pauses that ended in another way than by the owner, the end of 30 days, or a 410. */
export function* brokenPauses({ histories }: Timeline): Generator<string> {
  for (const { number, pauses } of histories.values())
    for (const { until, next } of pauses)
      if (next !== undefined && !ENDS.includes(next))
        yield `the pause of ${number} ended at ${formatTime(until)} as ${next}`
}

/**
 * Yields the events that were sent while the owner had the subscription paused: later than `graceMs` after the beginning,
 * which is how long what was under way may take, and before the end.
 */
export function* sentInPause(
  { subscribers }: Pick<Cluster, 'subscribers'>,
  { histories }: Timeline,
  graceMs: number,
): Generator<string> {
  const all = [...histories.values()]
  for (const { number, endpoint, pauses } of all) {
    if (all.filter((each) => each.endpoint === endpoint).length > 1) continue // whose the request is, is not known
    for (const { at, event, isValidation } of subscribers.get(endpoint)?.requests ?? [])
      if (!isValidation && pauses.some(({ from, until }) => at > from + graceMs && at < until))
        yield `${event} was sent to ${number} at ${formatTime(at)}, which was paused`
  }
}
