const WIDE = 24 // requests at once to a subscriber that answers quickly: half of an instance's slots (host.json)
const NARROW = 4 // to one that is slow: it must not hold the slots of the others
const SLOW_MS = 2000
const PATIENCE_MS = 1000 // for a place with a quick subscriber; a slow one's deliveries never wait in a slot

interface Subscriber {
  /** When the requests that are under way began, by attempt, oldest first. */
  since: Map<string, number>
  lastMs: number
  waiting: (() => void)[]
}

/** What this instance is delivering now, so that no attempt is made twice in it and no subscriber takes all its slots. */
export function createInFlight() {
  const subscribers = new Map<string, Subscriber>()

  function of(subscription: string): Subscriber {
    const known = subscribers.get(subscription) ?? { since: new Map(), lastMs: 0, waiting: [] }
    subscribers.set(subscription, known)
    return known
  }
  return {
    /** Begins an attempt: `same` where it is under way here already, `full` where the subscriber has enough. */
    async begin(subscription: string, work: string): Promise<'begun' | 'same' | 'full'> {
      const subscriber = of(subscription)
      for (const end = Date.now() + PATIENCE_MS; ; await placeFreed(subscriber, end)) {
        if (subscriber.since.has(work)) return 'same'
        const slow = isSlow(subscriber)
        if (subscriber.since.size < (slow ? NARROW : WIDE)) break
        if (slow || Date.now() >= end) return 'full'
      }
      subscriber.since.set(work, Date.now())
      return 'begun'
    },
    end(subscription: string, work: string): void {
      const { since, waiting } = of(subscription)
      since.delete(work)
      waiting.shift()?.()
    },
    /** Notes how long a subscriber took to answer. */
    took(subscription: string, ms: number): void {
      of(subscription).lastMs = ms
    },
  }
}

/** One that hangs is known by its oldest request, long before that has timed out. */
function isSlow({ since, lastMs }: Subscriber): boolean {
  const [oldest = Infinity] = since.values()
  return lastMs > SLOW_MS || Date.now() - oldest > SLOW_MS
}

async function placeFreed({ waiting }: Subscriber, end: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, end - Date.now())
  waiting.push(resolve)
  await promise
  clearTimeout(timer)
}
