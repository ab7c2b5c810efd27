import { boundAt, timeOf } from '../events/event-id.ts'
import { isOriginal } from '../events/event-document.ts'
import type { EventSummary } from '../events/event-store.ts'
import type { Services } from '../services.ts'

const MINUTE = 60_000
const MINUTES = 60
const MAX_COUNTED = 2000
const MAX_SHOWN = 20

/**
 * Returns how many events of a resource were accepted in each of the last 60 minutes, out of the newest 2,000, and the
 * newest 20. `complete` is false when there were more: then it begins with the minute of the oldest one counted.
 */
export async function activityOf({ events, clock }: Services, resource: string) {
  const now = clock.now()
  const begin = now - (now % MINUTE) - (MINUTES - 1) * MINUTE
  const [newest, latest] = await Promise.all([
    events.newestIds(resource, boundAt(begin), MAX_COUNTED + 1),
    events.summaries(resource, MAX_SHOWN),
  ])
  const complete = newest.length <= MAX_COUNTED
  const counted = newest.slice(0, MAX_COUNTED)
  const oldest = complete ? begin : timeOf(counted.at(-1)?.id ?? '').getTime()
  const times = counted.filter(isOriginal).map(({ id }) => timeOf(id).getTime())
  return {
    perMinute: countPerMinute(times, Math.max(begin, oldest - (oldest % MINUTE)), now),
    complete,
    latest: latest.filter(isOriginal).map(summaryResource),
  }
}

function countPerMinute(times: number[], begin: number, now: number) {
  const counts = new Map<number, number>()
  for (let at = begin; at <= now; at += MINUTE) counts.set(at, 0)
  for (const time of times) {
    const at = Math.min(time - (time % MINUTE), now - (now % MINUTE)) // another clock may be ahead
    counts.set(at, (counts.get(at) ?? 0) + 1)
  }
  return [...counts].map(([at, count]) => ({ at: new Date(at).toISOString(), count }))
}

const summaryResource = ({
  id,
  event: { id: given, type, subject, source, time },
}: EventSummary) => ({
  id: given,
  type,
  ...(subject !== undefined && { subject }),
  source,
  ...(time !== undefined && { time }),
  acceptedAt: timeOf(id).toISOString(),
})
