import type { Clock } from '../clock.ts'

const FAST_LIMIT = 24 // requests at once to a subscriber that answers quickly: half of an instance's slots (host.json)
const RETRY_LIMIT = 4 // of those for retries: the subscriber has just failed, and must leave room for others
const SLOW_LIMIT = 4 // to a slow one, which must not hold the slots of others
const LATENCY_TTL_MS = 60_000 // then a slow subscriber is tried again: drains, which measure it, may run elsewhere
const ACQUIRE_TIMEOUT_MS = 1000 // for a slot of a quick subscriber; nobody waits for a slow one

/** A subscriber without an answer for so long counts as slow. */
export const SLOW_MS = 2000

interface Subscriber {
  /** Epoch milliseconds at which each open request was sent. */
  openRequests: Map<symbol, number>
  openRetries: number
  latencyMs: number
  /** Epoch milliseconds of `latencyMs`, which expires. */
  measuredAt: number
  waiting: Set<() => void>
}

/** Limits the requests that this instance has open to each subscriber. */
export function createConcurrencyLimit({ now, timeout }: Clock) {
  const subscribers = new Map<string, Subscriber>()

  function of(subscription: string): Subscriber {
    const known = subscribers.get(subscription)
    if (known !== undefined) return known
    const made = {
      openRequests: new Map<symbol, number>(),
      openRetries: 0,
      latencyMs: 0,
      measuredAt: 0,
      waiting: new Set<() => void>(),
    }
    subscribers.set(subscription, made)
    return made
  }
  /** A subscriber that hangs is recognised by its oldest open request, long before that times out. */
  const isSlow = ({ openRequests, latencyMs, measuredAt }: Subscriber): boolean =>
    now() - Math.min(...openRequests.values()) > SLOW_MS ||
    (latencyMs > SLOW_MS && now() - measuredAt < LATENCY_TTL_MS)

  function start(subscription: string, isRetry = false): () => void {
    const subscriber = of(subscription)
    const { openRequests, waiting } = subscriber
    const request = Symbol(subscription)
    openRequests.set(request, now())
    if (isRetry) subscriber.openRetries++
    return () => {
      openRequests.delete(request)
      if (isRetry) subscriber.openRetries--
      for (const wake of waiting) wake() // in order: the first that may start does
      const isIdle = openRequests.size === 0 && waiting.size === 0
      if (isIdle && subscriber.latencyMs <= SLOW_MS) subscribers.delete(subscription) // no slow latency to remember
    }
  }
  const hasSlot = ({ openRequests, openRetries }: Subscriber, isRetry: boolean): boolean =>
    openRequests.size < FAST_LIMIT && (!isRetry || openRetries < RETRY_LIMIT)

  /** Resolves when a request has ended, or after so many milliseconds. */
  async function nextRelease({ waiting }: Subscriber, ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const end = timeout(ms)
    waiting.add(resolve)
    await Promise.race([promise, end.ended])
    waiting.delete(resolve)
    end.cancel()
  }

  return {
    /** Counts a request as open, whatever the limit. Returns the function that releases its slot. */
    start: (subscription: string): (() => void) => start(subscription),

    /**
     * Acquires a slot for a request and returns the function that releases it. Waits up to 1 s for a slot of a quick
     * subscriber. Returns undefined when there is none, or when the subscriber is slow: the delivery belongs in its
     * backlog then.
     */
    async acquire(subscription: string, isRetry = false): Promise<(() => void) | undefined> {
      const subscriber = of(subscription)
      for (const end = now() + ACQUIRE_TIMEOUT_MS; !isSlow(subscriber);) {
        if (hasSlot(subscriber, isRetry)) return start(subscription, isRetry)
        const left = end - now()
        if (left <= 0) return undefined
        await nextRelease(subscriber, left)
      }
      return undefined
    },

    /** Returns how many requests a drain may have open to a subscriber: at least one. `own` are its open ones. */
    limitOf: (subscription: string, own = 0): number => {
      const known = subscribers.get(subscription)
      if (known === undefined) return FAST_LIMIT
      const others = Math.max(0, known.openRequests.size - own)
      return Math.max(1, (isSlow(known) ? SLOW_LIMIT : FAST_LIMIT) - others)
    },

    /** Records how long a subscriber took to answer. */
    observeLatency(subscription: string, ms: number): void {
      const known = subscribers.get(subscription)
      if (known !== undefined) Object.assign(known, { latencyMs: ms, measuredAt: now() })
    },
  }
}
