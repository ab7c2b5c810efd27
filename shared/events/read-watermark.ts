import { boundAt, timeOf } from './event-id.ts'

/** The longest that a publisher waits for the store; the last try may begin when it ends. */
export const WRITE_BUDGET_MS = 10_000

/**
 * Readers go by id and never look back, and an id is older than its event is visible: it is made before the write, which
 * may take its whole budget while younger ids are long stored. So what is younger than READ_HOLDBACK_SECONDS is held back.
 * The 5 s above the write budget: 2 for its last try, 1 from the id to the write, 2 for clocks that differ and replicas
 * that are behind.
 */
export const LEAST_HOLDBACK_SECONDS = WRITE_BUDGET_MS / 1000 + 5

/** The bound that every id a reader may see now is less than. */
export const readableUntil = (holdbackSeconds: number, now = Date.now()): string =>
  boundAt(now - holdbackSeconds * 1000)

/** Whether readers may be past an id before a write that begins now is sure to have ended. */
export const isLate = (id: string, holdbackSeconds: number): boolean =>
  ageSeconds(id) > holdbackSeconds - LEAST_HOLDBACK_SECONDS + 1

/** How long ago an id was made. */
export const ageSeconds = (id: string): number => (Date.now() - timeOf(id).getTime()) / 1000
