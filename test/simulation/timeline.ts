import type { SubscriptionOrTombstone } from '../../shared/subscriptions/subscription.ts'
import type { Container } from './container.ts'

/** A time in which a subscription was active: validated, and neither disabled nor deleted. Virtual ms, as written. */
interface Active {
  from: number
  until: number
  /** What its document says of when it was validated: epoch ms, by the clock of the process that did it. */
  validated: number
}

/** The life of a subscription, by its number. */
export interface Life {
  number: number
  endpoint: string
  resource: string
  type?: string
  active: Active[]
  deletedAt: number
}

export type Timeline = ReturnType<typeof createTimeline>

/** Notes, at every write of the store, when each subscription was active: the truth that no process has. */
export function createTimeline(container: Container<SubscriptionOrTombstone>, now: () => number) {
  const lives = new Map<number, Life>()

  function activate(life: Life, validated: number | undefined): void {
    const current = life.active.at(-1)
    const isOn = current?.until === Infinity
    if (validated === undefined) {
      if (isOn) current.until = now()
    } else if (!isOn) life.active.push({ from: now(), until: Infinity, validated })
    else if (current.validated !== validated) {
      current.until = now()
      life.active.push({ from: now(), until: Infinity, validated })
    }
  }

  container.onWrite((document) => {
    if (document === undefined) return
    const life = lives.get(document.number)
    if ('deleted' in document) {
      if (life === undefined || life.deletedAt !== Infinity) return
      activate(life, undefined)
      life.deletedAt = now()
      return
    }
    const { number, endpoint, filters, validated, circuit } = document
    const { resource, type } = filters
    const known = life ?? {
      number,
      endpoint,
      resource,
      ...(type !== undefined && { type }),
      active: [],
      deletedAt: Infinity,
    }
    lives.set(number, known)
    const isActive = validated !== undefined && circuit?.state !== 'disabled'
    activate(known, isActive ? Date.parse(validated) : undefined)
  })

  return { lives }
}
