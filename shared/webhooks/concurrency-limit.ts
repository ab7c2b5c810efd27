import type { Clock } from '../clock.ts'

const FAST_LIMIT = 24 // requests at once to a subscriber that answers quickly: half of an instance's slots (host.json)
const SLOW_LIMIT = 4 // to one that is slow: it must not hold the slots of the others
const LATENCY_TTL_MS = 60_000 // then a slow one is tried again: drains, which see it, may run elsewhere
const ACQUIRE_TIMEOUT_MS = 1000 // for a place with a quick subscriber; nobody waits for a slow one

/** After so long without an answer a subscriber counts as slow. */
export const SLOW_MS = 2000

interface Subscriber {
  /** When each open request was sent: ms of the epoch. */
  openRequests: Map<symbol, number>
  latencyMs: number
  /** When that was seen: what was long ago says nothing. */
  measuredAt: number
  waiting: Set<() => void>
}

/** Bounds how many requests this instance has open to each subscriber. */
export function createConcurrencyLimit({ now, timeout }: Clock) {
  const subscribers = new Map<string, Subscriber>()

  function of(subscription: string): Subscriber {
    const known = subscribers.get(subscription)
    if (known !== undefined) return known
    const made = {
      openRequests: new Map<symbol, number>(),
      latencyMs: 0,
      measuredAt: 0,
      waiting: new Set<() => void>(),
    }
    subscribers.set(subscription, made)
    return made
  }
  /** One that hangs is known by its oldest request, long before that has timed out. */
  const isSlow = ({ openRequests, latencyMs, measuredAt }: Subscriber): boolean =>
    now() - Math.min(...openRequests.values()) > SLOW_MS ||
    (latencyMs > SLOW_MS && now() - measuredAt < LATENCY_TTL_MS)

  function start(subscription: string): () => void {
    const subscriber = of(subscription)
    const request = Symbol(subscription)
    subscriber.openRequests.set(request, now())
    return () => {
      subscriber.openRequests.delete(request)
      const [next] = subscriber.waiting
      if (next !== undefined) subscriber.waiting.delete(next) // two that end at once wake two
      next?.()
      if (
        subscriber.openRequests.size === 0 &&
        next === undefined &&
        subscriber.latencyMs <= SLOW_MS
      )
        subscribers.delete(subscription) // nothing to remember
    }
  }
  /** Ends when a request has, or after so many milliseconds; whoever gives up waits no more. */
  async function nextRelease({ waiting }: Subscriber, ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const end = timeout(ms)
    waiting.add(resolve)
    await Promise.race([promise, end.ended])
    waiting.delete(resolve)
    end.cancel()
  }

  return {
    /** Counts a request that is sent now, whatever the limit; returns what ends it. */
    start,

    /**
     * Counts a request that is sent now and returns what ends it; waits up to 1 s for its place with a quick subscriber.
     * Undefined where the subscriber is slow or has a line: its backlog is the place then.
     */
    async acquire(subscription: string): Promise<(() => void) | undefined> {
      const subscriber = of(subscription)
      for (const end = now() + ACQUIRE_TIMEOUT_MS; !isSlow(subscriber);) {
        if (subscriber.openRequests.size < FAST_LIMIT) return start(subscription)
        const left = end - now()
        if (left <= 0) return undefined
        await nextRelease(subscriber, left)
      }
      return undefined
    },

    /** How many requests a drain may have open to a subscriber at once. */
    limitOf: (subscription: string): number => {
      const known = subscribers.get(subscription)
      return known !== undefined && isSlow(known) ? SLOW_LIMIT : FAST_LIMIT
    },

    /** Notes how long a subscriber took to answer. */
    observeLatency(subscription: string, ms: number): void {
      const known = subscribers.get(subscription)
      if (known !== undefined) Object.assign(known, { latencyMs: ms, measuredAt: now() })
    },
  }
}
