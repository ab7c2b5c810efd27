import { cutText } from '../http/cut-text.ts'
import type { EventDocument } from '../events/event-document.ts'
import type { Attempt, Outcome } from '../webhooks/webhook-outcome.ts'

/** Every state of a delivery. */
export const deliveryStates = ['waiting', 'backlog', 'delivered', 'dead', 'cancelled'] as const

/** The delivery of one event to one subscription: its id is the event's, `subscription` the public number as text. */
export interface DeliveryDocument {
  v: 1
  id: string
  subscription: string
  consumer: string
  subscriptionId: string
  resource: string
  subject: string
  /**
   * A `waiting` delivery is attempted at its `due`; one in the `backlog` by a drain, which the subscription's circuit
   * starts. The API shows both as waiting.
   */
  state: (typeof deliveryStates)[number]
  /** For an ordered subscription: its number among the events of its subject, from its first attempt on. */
  sequence?: number
  /** Counts replays: 0 is the first run. */
  run: number
  /** The replay that has begun this run: a repeated page of it begins no other. */
  replay?: string
  /** Counts the steps of the retry schedule that this run has used. */
  attempt: number
  /** Epoch seconds of this run's first attempt: the retry schedule counts from there. */
  firstAttempt?: number
  /** Epoch seconds since when its event has not been visible. */
  missingSince?: number
  /** Epoch seconds from which the sweep redrives it; present in state `waiting`. */
  due?: number
  /** Epoch seconds at which it died, for the gauge. */
  deadAt?: number
  /** How often the sweep has redriven it since the last attempt; this only lengthens the claims. */
  redrives?: number
  reason?: string
  attempts: Attempt[]
  traceparent: string
  /** Seconds after its last write at which it expires; the store sets it. */
  ttl?: number
}

/** The next state of a delivery. */
export type Next =
  | { state: 'delivered' }
  | { state: 'waiting'; waitSeconds: number }
  | { state: 'dead'; reason: string }

type Tried = Pick<DeliveryDocument, 'attempt' | 'firstAttempt'>

/**
 * Returns the state after an attempt. `schedule` has the seconds to wait after each failed attempt. A delivery is dead
 * at its end, once the whole time of the schedule has passed since the first attempt, so that neither bursts nor our
 * own outages shorten it. `chance` (0 to 1) adds up to a quarter to each wait, so that the jitter grows with the step.
 */
export function nextState(
  { attempt, firstAttempt }: Tried,
  outcome: Outcome,
  schedule: readonly number[],
  nowSeconds: number,
  chance: number,
): Next {
  if (outcome.kind === 'delivered') return { state: 'delivered' }
  if (outcome.kind === 'gone')
    return outcome.arrived ? { state: 'delivered' } : { state: 'dead', reason: outcome.reason }
  const left =
    (firstAttempt ?? nowSeconds) + schedule.reduce((sum, step) => sum + step, 0) - nowSeconds
  const step = schedule[attempt] ?? left
  if (attempt >= schedule.length && left <= 0)
    return { state: 'dead', reason: `gave up after ${attempt + 1} attempts: ${outcome.reason}` }
  return { state: 'waiting', waitSeconds: Math.max(outcome.waitSeconds, step * (1 + chance / 4)) }
}

/** The subscriber of a delivery. */
interface Subscriber {
  number: number
  consumer: string
  id: string
}

/** Returns a delivery without attempts, in the backlog. */
export function newDelivery(
  event: EventDocument,
  { number, consumer, id }: Subscriber,
): DeliveryDocument {
  return {
    v: 1,
    id: event.id,
    subscription: String(number),
    consumer,
    subscriptionId: id,
    resource: event.resource,
    subject: event.subject,
    state: 'backlog',
    run: 0,
    attempt: 0,
    attempts: [],
    traceparent: event.traceparent,
  }
}

const MAX_MESSAGE_SECONDS = 60 // hidden messages count for scaling, so the sweep ends longer waits

/** Whether a message ends a wait of so many seconds; otherwise the sweep does. */
export const endsByMessage = (waitSeconds: number): boolean => waitSeconds <= MAX_MESSAGE_SECONDS

interface Recorded {
  latest: Attempt
  nowSeconds: number
  /** When a message ends the wait, the sweep follows so many seconds later. */
  repairAfterSeconds: number
}

/** Returns the record after an attempt that used a step of the retry schedule. */
export function afterAttempt(
  delivery: DeliveryDocument,
  next: Next,
  { latest, nowSeconds, repairAfterSeconds }: Recorded,
): DeliveryDocument {
  const tried = withAttempt(delivery, latest, nowSeconds)
  if (next.state === 'delivered') return ended(tried, 'delivered')
  if (next.state === 'dead') return dead(tried, next.reason, nowSeconds)
  const margin = endsByMessage(next.waitSeconds) ? repairAfterSeconds : 0
  return {
    ...tried,
    state: 'waiting',
    attempt: delivery.attempt + 1,
    due: Math.ceil(nowSeconds + next.waitSeconds + margin),
  }
}

/** Returns the record with one more attempt, in the same state: a probe uses no step of the retry schedule. */
export function withAttempt(
  { redrives: _redrives, missingSince: _missing, ...delivery }: DeliveryDocument,
  latest: Attempt,
  nowSeconds: number,
): DeliveryDocument {
  const { firstAttempt = nowSeconds, attempts } = delivery
  return { ...delivery, firstAttempt, attempts: withLatest(attempts, latest) }
}

/** Returns the record of a delivery that is over. */
export const ended = (
  delivery: DeliveryDocument,
  state: 'delivered' | 'dead' | 'cancelled',
): DeliveryDocument => ({ ...inBacklog(delivery), state })

/** Returns the record of a dead delivery, dated for the gauge. */
export const dead = (
  delivery: DeliveryDocument,
  reason: string,
  nowSeconds: number,
): DeliveryDocument => ({ ...ended(delivery, 'dead'), reason, deadAt: nowSeconds })

export const DELETED = 'the subscription was deleted'

/** Returns the record of a cancelled delivery. */
export const cancelled = (delivery: DeliveryDocument, reason: string): DeliveryDocument => ({
  ...ended(delivery, 'cancelled'),
  reason,
})

/** Returns the record in the backlog. */
export const inBacklog = ({
  due: _due,
  redrives: _redrives,
  reason: _reason,
  deadAt: _deadAt,
  ...delivery
}: DeliveryDocument): DeliveryDocument => ({ ...delivery, state: 'backlog' })

/** Returns the record of the next run, in the backlog. */
export function nextRun(delivery: DeliveryDocument): DeliveryDocument {
  const { firstAttempt: _first, replay: _replay, ...anew } = inBacklog(delivery)
  return { ...anew, run: delivery.run + 1, attempt: 0 }
}

/** Sorts deliveries by their events, the newest first. */
export const byNewestEvent = (a: { id: string }, b: { id: string }): number =>
  a.id < b.id ? 1 : -1

/** Whether it waits for an attempt. */
export const isOpen = ({ state }: Pick<DeliveryDocument, 'state'>): boolean =>
  state === 'waiting' || state === 'backlog'

const MAX_EARLIER_ANSWER = 200 // characters
const MAX_ATTEMPTS = 50 // two runs of the whole schedule; Cosmos DB limits the size of a document

/** Returns the latest attempts with one more. Shortens the answers of the earlier ones. */
export function withLatest(attempts: readonly Attempt[], latest: Attempt): Attempt[] {
  const earlier = attempts.map((each) =>
    each.answer === undefined
      ? each
      : { ...each, answer: cutText(each.answer, MAX_EARLIER_ANSWER) },
  )
  return [...earlier, latest].slice(-MAX_ATTEMPTS)
}
