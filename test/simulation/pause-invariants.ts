import type { Cluster } from './cluster.ts'
import type { Timeline } from './timeline.ts'
import { formatTime } from './trace.ts'

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
