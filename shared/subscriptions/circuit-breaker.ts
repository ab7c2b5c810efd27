import type { SubscriptionDocument } from './subscription.ts'

const PAUSES_SECONDS = [10, 30, 120, 600, 1800, 3600]
const FAILURES = 5 // in a row, as one instance sees them
const QUIET_MS = 60_000 // without a success: one failure then counts as "failing since"
const DISABLE_AFTER_MS = 5 * 24 * 3600 * 1000

/** What an instance has seen of a subscriber. */
interface Seen {
  failures: number
  succeededAt: number
}

/** Remembers, in this instance alone, how attempts at each subscriber ended. */
export function createSightings() {
  const seen = new Map<number, Seen>()
  return {
    /** Notes an end and gives what is seen now. */
    note(subscription: number, delivered: boolean, nowMs: number): Seen {
      const before = seen.get(subscription) ?? { failures: 0, succeededAt: 0 }
      const after = delivered
        ? { failures: 0, succeededAt: nowMs }
        : { ...before, failures: before.failures + 1 }
      seen.set(subscription, after)
      return after
    },
  }
}

/** The subscription after a delivery; undefined where nothing changes, which is nearly always. */
export function afterSuccess(
  subscription: SubscriptionDocument,
  nowMs: number,
): SubscriptionDocument | undefined {
  if (subscription.failingSince === undefined) return undefined
  const { failingSince: _failing, ...well } = subscription
  if (well.pausedUntil === undefined) return well
  return { ...well, pausedUntil: Math.floor(nowMs / 1000) } // the sweep lets out the next ones
}

/**
 * The subscription after a failure: paused after each five in a row, or at once where this was the only probe; disabled
 * after five days of only failures. Undefined where nothing changes: of ten or a hundred that are let out some may fail.
 */
export function afterFailure(
  subscription: SubscriptionDocument,
  { failures, succeededAt }: Seen,
  probe: boolean,
  nowMs: number,
): SubscriptionDocument | undefined {
  const now = new Date(nowMs).toISOString()
  const { failingSince = now, pausedUntil, pauses = 0, released = 0 } = subscription
  if (nowMs - Date.parse(failingSince) > DISABLE_AFTER_MS)
    return {
      ...subscription,
      disabled: { reason: `only failures since ${failingSince}`, since: now },
    }
  const isPaused = pausedUntil !== undefined
  if (isPaused && (!probe || released === 0)) return undefined // it was under way when the pause began
  if ((isPaused && released === 1) || failures % FAILURES === 0)
    return {
      ...subscription,
      failingSince,
      pausedUntil: pauseEnd(pauses, nowMs),
      pauses: pauses + 1,
      released: 0,
    }
  const isNew = subscription.failingSince === undefined && nowMs - succeededAt > QUIET_MS
  return isNew ? { ...subscription, failingSince } : undefined
}

const pauseEnd = (pauses: number, nowMs: number): number =>
  Math.floor(nowMs / 1000) + (PAUSES_SECONDS[pauses] ?? 3600)

const STEPS = [1, 10, 100]

/**
 * What the sweep lets out of a paused subscription whose time has come: 1 delivery until one succeeds, then 10, 100, and
 * `all`, which ends the pause.
 */
export function nextRelease({ failingSince, released = 0 }: SubscriptionDocument): number | 'all' {
  if (failingSince !== undefined || released === 0) return 1
  return STEPS.find((step) => step > released) ?? 'all'
}

/** The subscription as one that has never failed. */
export function recovered(subscription: SubscriptionDocument): SubscriptionDocument {
  const {
    disabled: _disabled,
    failingSince: _failing,
    pausedUntil: _until,
    pauses: _pauses,
    released: _released,
    ...healthy
  } = subscription
  return healthy
}
