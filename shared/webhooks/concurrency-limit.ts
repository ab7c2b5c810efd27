const WIDE = 24 // requests at once to a subscriber that answers quickly: half of an instance's slots (host.json)
const NARROW = 4 // to one that is slow: it must not hold the slots of the others
const SLOW_MS = 2000
const PATIENCE_MS = 1000 // for a place with a quick subscriber; a slow one's deliveries never wait in a slot
const SHORTEST_LINE_MS = 5000
const LONGEST_LINE_MS = 60_000 // as long as a message waits hidden

interface Subscriber {
  /** When the request of each attempt that is under way began: epoch ms, Infinity until then. */
  since: Map<string, number>
  lastMs: number
  waiting: (() => void)[]
  /** When the last of those that were sent away is to come again: epoch ms. */
  lineEnd: number
}

/** What this instance is delivering now, so that no attempt is made twice in it and no subscriber takes all its slots. */
export function createInFlight() {
  const subscribers = new Map<string, Subscriber>()

  function of(subscription: string): Subscriber {
    const known = subscribers.get(subscription) ?? newSubscriber()
    subscribers.set(subscription, known)
    return known
  }
  return {
    /**
     * Begins an attempt: `same` where it is under way here already. Where the subscriber has enough, gives in how many
     * seconds a place is likely to be free: whoever is sent away is told a time of its own, one after another.
     */
    async begin(subscription: string, work: string): Promise<'begun' | 'same' | { full: number }> {
      const subscriber = of(subscription)
      for (const end = Date.now() + PATIENCE_MS; ; await placeFreed(subscriber, end)) {
        if (subscriber.since.has(work)) return 'same'
        const slow = isSlow(subscriber)
        if (subscriber.since.size < (slow ? NARROW : WIDE)) break
        if (slow || Date.now() >= end)
          return { full: placeInLine(subscriber, slow ? NARROW : WIDE) }
      }
      subscriber.since.set(work, Infinity)
      return 'begun'
    },
    /** Notes that the request is sent now: the time before it is not the subscriber's. */
    sends(subscription: string, work: string): void {
      of(subscription).since.set(work, Date.now())
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

const newSubscriber = (): Subscriber => ({ since: new Map(), lastMs: 0, waiting: [], lineEnd: 0 })

/** Seconds. Coming again after the same few seconds, a line of a thousand would keep an instance busy with itself. */
function placeInLine(subscriber: Subscriber, places: number): number {
  const now = Date.now()
  const next = Math.max(subscriber.lineEnd, now + SHORTEST_LINE_MS) + slowestMs(subscriber) / places
  subscriber.lineEnd = Math.min(next, now + LONGEST_LINE_MS)
  const waitMs =
    next > subscriber.lineEnd ? LONGEST_LINE_MS * (0.5 + Math.random() / 2) : next - now
  return waitMs / 1000
}

const isSlow = (subscriber: Subscriber): boolean => slowestMs(subscriber) > SLOW_MS

/** One that hangs is known by its oldest request, long before that has timed out. */
const slowestMs = ({ since, lastMs }: Subscriber): number =>
  Math.max(lastMs, Date.now() - Math.min(...since.values()))

async function placeFreed({ waiting }: Subscriber, end: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, end - Date.now())
  waiting.push(resolve)
  await promise
  clearTimeout(timer)
}
