import type { Clock } from '../clock.ts'

const PAUSES_SECONDS = [5, 10, 10, 25] // a message comes again after 30 s

/**
 * Runs work that outlives its invocation: waiting for a slow subscriber's answer, or storing again what has arrived, or that
 * a subscriber is well. A delivery's record is due as well, or its message comes again, so that a failure or the end of the
 * process costs only a second attempt. Errors are logged, since an unhandled rejection would end the process.
 */
export function createBackground() {
  const underWay = new Set<Promise<void>>()
  return {
    run(work: Promise<void>): void {
      const ended = work
        .catch((error: unknown) =>
          console.error(
            JSON.stringify({ what: 'failed', in: 'background', reason: String(error) }),
          ),
        )
        .finally(() => underWay.delete(ended))
      underWay.add(ended)
    },
    /** Resolves when no work is left, also of what work has begun. */
    idle: async (): Promise<void> => {
      while (underWay.size > 0) await Promise.all(underWay)
    },
  }
}

/** Tries for 50 s and what the tries take. For a delivery, a record that is due, or the repeated message, has it sent again then. */
export async function tryAgain(clock: Clock, store: () => Promise<void>): Promise<void> {
  for (const seconds of PAUSES_SECONDS)
    try {
      return await store()
    } catch {
      await clock.timeout(seconds * 1000).ended
    }
  return store()
}
