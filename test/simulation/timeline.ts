import type { SubscriptionOrTombstone } from '../../shared/subscriptions/subscription.ts'
import { EPOCH, MAX_CLOCK_OFFSET_MS } from './cluster.ts'
import type { Container } from './container.ts'

/** In virtual ms. */
interface Period {
  from: number
  until: number
}

/** A period in which a subscription was active: validated, and neither disabled nor deleted. */
interface ActivePeriod extends Period {
  /**
   * Epoch ms from which on events are for this period, whichever process fans them out: the `validated` of its document, by the
   * clock of the process that validated it, or when it was enabled, by every clock.
   */
  validated: number
}

/** What happened to the subscription with a number. */
export interface SubscriptionHistory {
  number: number
  endpoint: string
  resource: string
  type?: string
  activePeriods: ActivePeriod[]
  /** When its owner had it paused, and the state that followed. */
  pauses: (Period & { next?: string })[]
  deletedAt: number
}

export type Timeline = ReturnType<typeof createTimeline>

/** Records at every write when each subscription was active, without the lag that a process sees. */
export function createTimeline(container: Container<SubscriptionOrTombstone>, now: () => number) {
  const histories = new Map<number, SubscriptionHistory>()

  function recordActivity(history: SubscriptionHistory, validated: number | undefined): void {
    const current = history.activePeriods.at(-1)
    const isActiveNow = current?.until === Infinity
    const enabled = EPOCH + now() + MAX_CLOCK_OFFSET_MS
    if (validated === undefined) {
      if (isActiveNow) current.until = now()
    } else if (!isActiveNow)
      history.activePeriods.push({
        from: now(),
        until: Infinity,
        validated: current === undefined ? validated : enabled,
      })
  }

  function recordPause({ pauses }: SubscriptionHistory, state: string): void {
    const current = pauses.at(-1)
    const [wasPaused, isPaused] = [current?.until === Infinity, state === 'paused']
    if (current !== undefined && wasPaused && !isPaused) {
      current.until = now()
      current.next = state
    }
    if (!wasPaused && isPaused) pauses.push({ from: now(), until: Infinity })
  }

  container.onWrite((document) => {
    if (document === undefined) return
    const existing = histories.get(document.number)
    if ('deleted' in document) {
      if (existing === undefined || existing.deletedAt !== Infinity) return
      recordActivity(existing, undefined)
      recordPause(existing, 'deleted')
      existing.deletedAt = now()
      return
    }
    const { number, endpoint, filters, validated, circuit } = document
    const { resource, type } = filters
    const history = existing ?? {
      number,
      endpoint,
      resource,
      ...(type !== undefined && { type }),
      activePeriods: [],
      pauses: [],
      deletedAt: Infinity,
    }
    histories.set(number, history)
    recordPause(history, circuit?.state ?? 'closed')
    const isActive = validated !== undefined && circuit?.state !== 'disabled'
    recordActivity(history, isActive ? Date.parse(validated) : undefined)
  })

  return { histories }
}
