import type { EventDocument } from '../events/event-document.ts'
import type { Attempt, Outcome } from '../webhooks/webhook-outcome.ts'

export type DeliveryState = 'waiting' | 'delivered' | 'dead' | 'cancelled'

/** The delivery of one event to one subscription: its id is the event's, `subscription` the public number as text. */
export interface DeliveryDocument {
  v: 1
  id: string
  subscription: string
  consumer: string
  subscriptionId: string
  resource: string
  subject: string
  state: DeliveryState
  /** Counts replays: 0 is the first run. */
  run: number
  /** Counts attempts within the run. */
  attempt: number
  /**
   * Epoch seconds from which the sweep takes a waiting delivery; of a dead one, minus the epoch seconds of its end, so
   * that one index serves the sweep and the gauge.
   */
  due?: number
  /** How often the sweep has taken it since the last attempt. */
  redrives: number
  reason?: string
  attempts: Attempt[]
  traceparent: string
}

/** What becomes of a delivery. */
export type Next =
  | { state: 'delivered' }
  | { state: 'waiting'; waitSeconds: number }
  | { state: 'dead'; reason: string }

/**
 * The state after an attempt. `ladder` has the seconds to wait after each failed attempt; its end is the delivery's.
 * Each wait has up to a quarter on top by chance, so that the jitter grows with the step.
 */
export function nextState(
  attempt: number,
  outcome: Outcome,
  ladder: readonly number[],
  chance = Math.random(),
): Next {
  if (outcome.kind === 'delivered') return { state: 'delivered' }
  if (outcome.kind === 'gone')
    return outcome.arrived ? { state: 'delivered' } : { state: 'dead', reason: outcome.reason }
  const step = ladder[attempt]
  if (step === undefined)
    return { state: 'dead', reason: `gave up after ${attempt + 1} attempts: ${outcome.reason}` }
  return { state: 'waiting', waitSeconds: Math.max(outcome.waitSeconds, step * (1 + chance / 4)) }
}

/** A delivery that waits for its first attempt. */
export function newDelivery(
  event: EventDocument,
  { number, consumer, id }: { number: number; consumer: string; id: string },
  dueSeconds: number,
): DeliveryDocument {
  return {
    v: 1,
    id: event.id,
    subscription: String(number),
    consumer,
    subscriptionId: id,
    resource: event.resource,
    subject: event.subject,
    state: 'waiting',
    run: 0,
    attempt: 0,
    due: dueSeconds,
    redrives: 0,
    attempts: [],
    traceparent: event.traceparent,
  }
}

const LONGEST_MESSAGE_SECONDS = 60 // hidden messages count for scaling, so that longer waits are left to the sweep

/** Whether a wait is ended by a message; a longer one is ended by the sweep. */
export const endsByMessage = (waitSeconds: number): boolean =>
  waitSeconds <= LONGEST_MESSAGE_SECONDS

/** The record after an attempt; where a message ends the wait, the sweep is `repairAfterSeconds` later. */
export function afterAttempt<T extends DeliveryDocument>(
  delivery: T,
  next: Next,
  latest: Attempt,
  repairAfterSeconds: number,
): T {
  const tried = { ...delivery, redrives: 0, attempts: withAttempt(delivery.attempts, latest) }
  if (next.state === 'delivered') return withoutDue({ ...tried, state: next.state })
  if (next.state === 'dead') return ended(tried, 'dead', next.reason)
  const margin = endsByMessage(next.waitSeconds) ? repairAfterSeconds : 0
  return {
    ...tried,
    attempt: delivery.attempt + 1,
    due: Math.ceil(nowSeconds() + next.waitSeconds + margin),
  }
}

/** The record of a delivery that is over without success; a dead one is dated, in `due`, for the gauge. */
export function ended<T extends DeliveryDocument>(
  delivery: T,
  state: 'dead' | 'cancelled',
  reason: string,
): T {
  const over = { ...delivery, state, reason }
  return state === 'dead' ? { ...over, due: -nowSeconds() } : withoutDue(over)
}

/** The record of a delivery that begins anew, as its next run. */
export function nextRun<T extends DeliveryDocument>(
  { reason: _reason, ...delivery }: T,
  dueSeconds: number,
) {
  return {
    ...delivery,
    state: 'waiting' as const,
    run: delivery.run + 1,
    attempt: 0,
    redrives: 0,
    due: dueSeconds,
  }
}

function withoutDue<T extends DeliveryDocument>(delivery: T): T {
  const copy = { ...delivery }
  delete copy.due
  return copy
}

/** The present in epoch seconds, as `due` counts. */
export const nowSeconds = (): number => Math.floor(Date.now() / 1000)

const SHORT = 200 // characters of an earlier answer
const MOST_ATTEMPTS = 50 // kept: two runs of the whole ladder; without a bound a record outgrows what Cosmos DB takes

/** The last attempts with one more; what the earlier ones kept of their answers is cut. */
function withAttempt(attempts: readonly Attempt[], latest: Attempt): Attempt[] {
  const earlier = attempts.map((each) =>
    each.answer === undefined ? each : { ...each, answer: each.answer.slice(0, SHORT) },
  )
  return [...earlier, latest].slice(-MOST_ATTEMPTS)
}
