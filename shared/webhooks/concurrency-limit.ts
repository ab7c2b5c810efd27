const QUICK_LIMIT = 24 // requests at once to a subscriber that answers quickly: half of an instance's slots (host.json)
const SLOW_LIMIT = 4 // to one that is slow: it must not hold the slots of the others

/** After so long without an answer a subscriber counts as slow, and nobody waits for it in a fan-out. */
export const SLOW_MS = 2000

interface Subscriber {
  /** When each open request was sent: ms of the epoch. */
  open: Map<symbol, number>
  latencyMs: number
}

/** Bounds how many requests this instance has open to each subscriber; `now` is in ms of the epoch. */
export function createConcurrencyLimit(now: () => number) {
  const subscribers = new Map<string, Subscriber>()

  /** One that hangs is known by its oldest request, long before that has timed out. */
  function isSlow(subscription: string): boolean {
    const { open, latencyMs } = subscribers.get(subscription) ?? idle
    return Math.max(latencyMs, now() - Math.min(...open.values())) > SLOW_MS
  }
  const limitOf = (subscription: string) => (isSlow(subscription) ? SLOW_LIMIT : QUICK_LIMIT)

  return {
    isSlow,

    /** How many requests may be open to a subscriber at once. */
    limitOf,

    /** Whether one more request may be open to a subscriber. */
    hasRoom: (subscription: string): boolean =>
      (subscribers.get(subscription)?.open.size ?? 0) < limitOf(subscription),

    /** Counts a request that is sent now; returns what ends it. */
    start(subscription: string): () => void {
      const { open, latencyMs } = subscribers.get(subscription) ?? { open: new Map(), latencyMs: 0 }
      const request = Symbol(subscription)
      subscribers.set(subscription, { open: open.set(request, now()), latencyMs })
      return () => {
        open.delete(request)
        const known = subscribers.get(subscription)
        if (open.size === 0 && known !== undefined && known.latencyMs <= SLOW_MS)
          subscribers.delete(subscription) // nothing to remember
      }
    },

    /** Notes how long a subscriber took to answer. */
    observeLatency(subscription: string, ms: number): void {
      const known = subscribers.get(subscription)
      if (known !== undefined) known.latencyMs = ms
    },
  }
}

const idle: Subscriber = { open: new Map(), latencyMs: 0 }
