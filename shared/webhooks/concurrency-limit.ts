import type { Clock } from '../clock.ts'

const FAST_LIMIT = 24 // requests at once to a subscriber that answers quickly: half of an instance's slots (host.json)
const RETRY_LIMIT = 4 // of those for retries: the subscriber has just failed, and must leave room for others
const SLOW_LIMIT = 4 // to a slow one, which must not hold the slots of others
const LATENCY_TTL_MS = 60_000 // then a slow subscriber is tried again: drains, which measure it, may run elsewhere
// Bytes of open requests: a subscriber that hangs keeps them until its time limit, and others need memory too.
const MAX_OPEN_BYTES = 8_000_000
const ACQUIRE_TIMEOUT_MS = 1000 // for a slot of a quick subscriber; nobody waits for a slow one

/** A subscriber without an answer for so long counts as slow. */
export const SLOW_MS = 2000

interface Subscriber {
  /** Epoch milliseconds at which each open request was sent. */
  openRequests: Map<symbol, number>
  openRetries: number
  openBytes: number
  latencyMs: number
  /** Epoch milliseconds of `latencyMs`, which expires. */
  measuredAt: number
  waiting: Set<() => void>
}

/** What a request needs of its subscriber's share; a retry is small to it, since there are so few. */
interface Request {
  bytes?: number
  isRetry?: boolean
}

/** Limits the requests, and their bytes, that this instance has open to each subscriber. */
export function createConcurrencyLimit({ now, timeout }: Clock, maxOpenBytes = MAX_OPEN_BYTES) {
  const subscribers = new Map<string, Subscriber>()

  function of(subscription: string): Subscriber {
    const known = subscribers.get(subscription)
    if (known !== undefined) return known
    const made = {
      openRequests: new Map<symbol, number>(),
      openRetries: 0,
      openBytes: 0,
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

  function start(
    subscription: string,
    { bytes = 0, isRetry = false }: Request = {},
    request = Symbol(subscription),
  ): () => void {
    const subscriber = of(subscription)
    const { openRequests, waiting } = subscriber
    openRequests.set(request, now())
    subscriber.openBytes += bytes
    if (isRetry) subscriber.openRetries++
    return () => {
      openRequests.delete(request)
      subscriber.openBytes -= bytes
      if (isRetry) subscriber.openRetries--
      for (const resolve of waiting) resolve() // in order: the first that may start does
      const isIdle = openRequests.size === 0 && waiting.size === 0
      if (isIdle && subscriber.latencyMs <= SLOW_MS) subscribers.delete(subscription) // no slow latency to remember
    }
  }
  const hasRoom = ({ openRequests, openBytes }: Subscriber, bytes: number): boolean =>
    openRequests.size === 0 || openBytes + bytes <= maxOpenBytes
  const hasSlot = (subscriber: Subscriber, { bytes = 0, isRetry = false }: Request): boolean =>
    subscriber.openRequests.size < FAST_LIMIT &&
    hasRoom(subscriber, bytes) &&
    (!isRetry || subscriber.openRetries < RETRY_LIMIT)

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
     * As `start`, as soon as there is room for so many bytes. `sent` says when the request was sent: what waits in between is
     * ours, and makes nobody slow. Returns undefined when `mayStart` says no meanwhile.
     */
    async startWhenRoom(
      subscription: string,
      bytes: number,
      mayStart: () => boolean,
    ): Promise<{ sent: () => void; end: () => void } | undefined> {
      while (!hasRoom(of(subscription), bytes)) {
        await nextRelease(of(subscription), ACQUIRE_TIMEOUT_MS)
        if (!mayStart()) return undefined
      }
      const request = Symbol(subscription)
      const end = start(subscription, { bytes }, request)
      const { openRequests } = of(subscription)
      openRequests.set(request, Infinity)
      return { sent: () => void openRequests.set(request, now()), end }
    },

    /**
     * Acquires a slot for a request and returns the function that releases it. Waits up to 1 s for a slot of a quick
     * subscriber. Returns undefined when there is none, or when the subscriber is slow: the delivery belongs in its
     * backlog then.
     */
    async acquire(subscription: string, request: Request = {}): Promise<(() => void) | undefined> {
      const subscriber = of(subscription)
      for (const end = now() + ACQUIRE_TIMEOUT_MS; !isSlow(subscriber);) {
        if (hasSlot(subscriber, request)) return start(subscription, request)
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
