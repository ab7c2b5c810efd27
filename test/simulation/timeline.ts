import type { SubscriptionOrTombstone } from '../../shared/subscriptions/subscription.ts'
import type { Container } from './container.ts'

/** A period in which a subscription was active: validated, and neither disabled nor deleted. In virtual ms. */
interface ActivePeriod {
  from: number
  until: number
  /** The `validated` of its document in epoch ms, by the clock of the process that validated it. */
  validated: number
}

/** What happened to the subscription with a number. */
export interface SubscriptionHistory {
  number: number
  endpoint: string
  resource: string
  type?: string
  activePeriods: ActivePeriod[]
  deletedAt: number
}

export type Timeline = ReturnType<typeof createTimeline>

/** Records at every write when each subscription was active, without the lag that a process sees. */
export function createTimeline(container: Container<SubscriptionOrTombstone>, now: () => number) {
  const histories = new Map<number, SubscriptionHistory>()

  function recordActivity(history: SubscriptionHistory, validated: number | undefined): void {
    const current = history.activePeriods.at(-1)
    const isActiveNow = current?.until === Infinity
    if (validated === undefined) {
      if (isActiveNow) current.until = now()
    } else if (!isActiveNow) history.activePeriods.push({ from: now(), until: Infinity, validated })
    else if (current.validated !== validated) {
      current.until = now()
      history.activePeriods.push({ from: now(), until: Infinity, validated })
    }
  }

  container.onWrite((document) => {
    if (document === undefined) return
    const existing = histories.get(document.number)
    if ('deleted' in document) {
      if (existing === undefined || existing.deletedAt !== Infinity) return
      recordActivity(existing, undefined)
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
      deletedAt: Infinity,
    }
    histories.set(number, history)
    const isActive = validated !== undefined && circuit?.state !== 'disabled'
    recordActivity(history, isActive ? Date.parse(validated) : undefined)
  })

  return { histories }
}
