import { byNewestEvent, deliveryStates } from '../deliveries/delivery.ts'
import type { DeliveryOutcome } from '../deliveries/delivery-store.ts'
import { boundAt, timeOf } from '../events/event-id.ts'
import { parseDateTime } from '../http/date-time.ts'
import { Problem } from '../http/problem.ts'
import type { Services } from '../services.ts'

const DAY_MS = 24 * 3600 * 1000
const MAX_DELIVERIES = 2000
const MAX_BUCKETS = 60

/** An interval of events' times, in ms of the epoch; the end is exclusive. */
interface Interval {
  from: number
  to: number
}

/**
 * Returns what has become of the newest 2,000 deliveries of an interval, in at most 60 equal buckets by the events' times.
 * Where there are more, it is not `complete` and begins later. Throws a 400.
 */
export async function deliveryStatistics(
  { deliveries, clock }: Services,
  subscription: string,
  query: URLSearchParams,
) {
  const asked = parseInterval(query, clock.now())
  const bounds = { after: boundAt(asked.from), before: boundAt(asked.to), max: MAX_DELIVERIES + 1 }
  const found = await Promise.all(
    deliveryStates.map((state) => deliveries.outcomes(subscription, state, bounds)),
  )
  const newest = found.flat().toSorted(byNewestEvent)
  const outcomes = newest.slice(0, MAX_DELIVERIES)
  const complete = newest.length <= MAX_DELIVERIES
  const from = complete ? asked.from : msOf(outcomes.at(-1))
  return {
    from: isoTime(from),
    to: isoTime(asked.to),
    complete,
    ...inBuckets(outcomes, { from, to: asked.to }),
  }
}

function inBuckets(outcomes: DeliveryOutcome[], { from, to }: Interval) {
  const seconds = Math.max(1, Math.ceil((to - from) / 1000 / MAX_BUCKETS))
  const buckets = Array.from({ length: Math.ceil((to - from) / 1000 / seconds) }, () => newBucket())
  for (const outcome of outcomes) {
    const bucket = buckets[Math.floor((msOf(outcome) - from) / 1000 / seconds)]
    if (bucket === undefined) continue
    bucket.counts[stateOf(outcome)]++
    bucket.ms.push(...outcome.ms)
  }
  return {
    seconds,
    buckets: buckets.map(({ counts, ms }, index) => ({
      from: isoTime(from + index * seconds * 1000),
      ...counts,
      ...(ms.length > 0 && { ms: { p50: percentile(ms, 0.5), p95: percentile(ms, 0.95) } }),
    })),
  }
}

function newBucket() {
  const ms: number[] = []
  return { counts: { delivered: 0, waiting: 0, dead: 0, cancelled: 0 }, ms }
}

const stateOf = ({ state }: DeliveryOutcome) => (state === 'backlog' ? 'waiting' : state)

/** Returns the least value that so large a share of the values does not exceed. */
function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * share) - 1] ?? 0
}

/** Returns the interval that is asked for; the last 24 hours unless it says otherwise. */
function parseInterval(query: URLSearchParams, now: number): Interval {
  const to = parseTime('to', query.get('to')) ?? now
  const from = parseTime('from', query.get('from')) ?? to - DAY_MS
  if (from < 0 || from >= to) throw new Problem(400, '"from" must be before "to"')
  return { from, to }
}

function parseTime(name: string, value: string | null): number | undefined {
  if (value === null) return undefined
  const ms = parseDateTime(value)
  if (ms === 'no time') throw new Problem(400, `"${name}" must be a date and time`)
  if (ms === 'no timezone') throw new Problem(400, `"${name}" must specify a timezone`)
  return ms
}

const msOf = (outcome: DeliveryOutcome | undefined): number =>
  outcome === undefined ? 0 : timeOf(outcome.id).getTime()

const isoTime = (ms: number): string => new Date(ms).toISOString()
