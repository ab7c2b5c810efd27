import type { Gauge } from '../telemetry/metrics.ts'
import type { Services } from '../services.ts'

/** What alerts watch, at this moment: ages in seconds, and counts. */
export async function gauge({ events, deliveries, poison, index }: Services): Promise<Gauge> {
  const [oldestPendingSeconds, due, poisonMessages, matcher] = await Promise.all([
    events.oldestPendingSeconds(),
    deliveries.gauge(),
    poison.count(),
    index.current(),
  ])
  const pausedSubscriptions = [...matcher.all()].filter(
    ({ pausedUntil }) => pausedUntil !== undefined,
  ).length
  return {
    oldestPendingSeconds: Math.round(oldestPendingSeconds),
    ...due,
    pausedSubscriptions,
    poisonMessages,
  }
}
