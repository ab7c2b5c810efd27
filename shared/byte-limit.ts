export type ByteLimit = ReturnType<typeof createByteLimit>

/** So few bytes are not counted: what is small never waits for what is large. 1,000 of them are 16 MB. */
export const SMALL_BYTES = 16_384

interface Waiter {
  bytes: number
  start: (release: () => void) => void
}

/**
 * Limits how many bytes this process holds at once: a weighted semaphore. Callers that wait are served in order. What is
 * larger than the limit is held alone.
 */
export function createByteLimit(maxBytes: number, smallBytes = SMALL_BYTES) {
  const waiting = new Set<Waiter>()
  let held = 0

  const hasRoom = (bytes: number): boolean => held === 0 || held + bytes <= maxBytes

  function hold(bytes: number): () => void {
    const counted = bytes <= smallBytes ? 0 : bytes
    held += counted
    return () => {
      held -= counted
      startWaiting()
    }
  }
  function startWaiting(): void {
    for (const waiter of waiting) {
      if (!hasRoom(waiter.bytes)) return
      waiting.delete(waiter)
      waiter.start(hold(waiter.bytes))
    }
  }
  function tryAcquire(bytes: number): (() => void) | undefined {
    const isFree = bytes <= smallBytes || (waiting.size === 0 && hasRoom(bytes))
    return isFree ? hold(bytes) : undefined
  }
  return {
    /** Holds bytes at once, whatever the limit. Returns the function that releases them. */
    hold,

    /** As `hold`, but returns undefined where they must wait. */
    tryAcquire,

    /** Holds bytes as soon as there is room. */
    async acquire(bytes: number): Promise<() => void> {
      return tryAcquire(bytes) ?? new Promise((start) => waiting.add({ bytes, start }))
    },

    /** As `acquire`, but returns undefined when `ended` resolves before. */
    async acquireBefore(ended: Promise<void>, bytes: number): Promise<(() => void) | undefined> {
      const { promise, resolve } = Promise.withResolvers<(() => void) | undefined>()
      const waiter = { bytes, start: resolve }
      const release = tryAcquire(bytes)
      if (release !== undefined) return release
      waiting.add(waiter)
      const isStarted = await Promise.race([promise, ended])
      if (isStarted !== undefined) return isStarted
      if (waiting.delete(waiter))
        startWaiting() // a smaller one behind it may have room
      else return promise
      return undefined
    },
  }
}
