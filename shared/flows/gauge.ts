import { nowSeconds } from '../clock.ts'
import { timeOf } from '../events/event-id.ts'
import type { Services } from '../services.ts'
import type { Circuit } from '../subscriptions/circuit-breaker.ts'
import type { Gauge } from '../telemetry/metrics.ts'

const HOUR = 3600

/**
 * Returns the values that alerts watch: ages in seconds, and counts up to 1,000, which cost the same at any backlog.
 */
export async function gauge({
  events,
  deliveries,
  poison,
  index,
  clock,
}: Services): Promise<Gauge> {
  const now = nowSeconds(clock)
  const [pending, oldestDue = now, deadLastHour, poisonMessages, matcher] = await Promise.all([
    events.pending(),
    deliveries.oldestDue(),
    deliveries.deadSince(now - HOUR),
    poison.count(),
    index.current(),
  ])
  const [oldest] = pending.toSorted()
  const openCircuits = [...matcher.all()].filter(({ circuit }) => isFailing(circuit)).length
  return {
    oldestPendingSeconds:
      oldest === undefined ? 0 : Math.max(0, now - timeOf(oldest).getTime() / 1000),
    oldestDueSeconds: Math.max(0, now - oldestDue),
    deadLastHour,
    openCircuits,
    poisonMessages,
  }
}

/**
 * Whether an endpoint fails now. A disabled one does not count: only its owner can enable it, so an alert would never
 * end.
 */
const isFailing = (circuit: Circuit | undefined): boolean =>
  circuit?.state === 'open' || circuit?.state === 'half-open'
