import { cutText } from '../http/cut-text.ts'
import type { EventDocument } from '../events/event-document.ts'
import type { Attempt, Outcome } from '../webhooks/webhook-outcome.ts'

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
   * `waiting` is woken by its `due`; `backlog` waits for its turn in the subscription's backlog, whose circuit is the waker.
   * Owners see both as waiting.
   */
  state: 'waiting' | 'backlog' | 'delivered' | 'dead' | 'cancelled'
  /** Counts replays: 0 is the first run. */
  run: number
  /** Counts the steps of the ladder that this run has used. */
  attempt: number
  /** Epoch seconds of this run's first attempt: the ladder's whole time counts from there. */
  firstAttempt?: number
  /** Epoch seconds since when its event is not to be seen. */
  missingSince?: number
  /** Epoch seconds from which the sweep takes it; with state `waiting`. */
  due?: number
  /** Epoch seconds at which it died, for the gauge. */
  deadAt?: number
  /** How often the sweep has taken it since the last attempt; it only spaces them out. */
  redrives?: number
  reason?: string
  attempts: Attempt[]
  traceparent: string
}

/** What becomes of a delivery. */
export type Next =
  | { state: 'delivered' }
  | { state: 'waiting'; waitSeconds: number }
  | { state: 'dead'; reason: string }

type Tried = Pick<DeliveryDocument, 'attempt' | 'firstAttempt'>

/**
 * The state after an attempt. `ladder` has the seconds to wait after each failed attempt. A delivery is given up at the
 * ladder's end once the ladder's whole time has passed since the first attempt, so that neither bursts nor our own outages
 * shorten it. Each wait has up to a quarter on top by `chance`, so that the jitter grows with the step.
 */
export function nextState(
  { attempt, firstAttempt }: Tried,
  outcome: Outcome,
  ladder: readonly number[],
  nowSeconds: number,
  chance: number,
): Next {
  if (outcome.kind === 'delivered') return { state: 'delivered' }
  if (outcome.kind === 'gone')
    return outcome.arrived ? { state: 'delivered' } : { state: 'dead', reason: outcome.reason }
  const left =
    (firstAttempt ?? nowSeconds) + ladder.reduce((sum, step) => sum + step, 0) - nowSeconds
  const step = ladder[attempt] ?? left
  if (attempt >= ladder.length && left <= 0)
    return { state: 'dead', reason: `gave up after ${attempt + 1} attempts: ${outcome.reason}` }
  return { state: 'waiting', waitSeconds: Math.max(outcome.waitSeconds, step * (1 + chance / 4)) }
}

/** The subscriber that a delivery goes to. */
interface Subscriber {
  number: number
  consumer: string
  id: string
}

/** A delivery that nobody has attempted: in the backlog. */
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

const LONGEST_MESSAGE_SECONDS = 60 // hidden messages count for scaling, so that longer waits are left to the sweep

/** Whether a wait is ended by a message; a longer one is ended by the sweep. */
export const endsByMessage = (waitSeconds: number): boolean =>
  waitSeconds <= LONGEST_MESSAGE_SECONDS

interface Recorded {
  latest: Attempt
  nowSeconds: number
  /** Where a message ends the wait, the sweep is that much later. */
  repairAfterSeconds: number
}

/** The record after an attempt that used a step of the ladder. */
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

/** The record with one more attempt, where it is: a probe uses no step of the ladder. */
export function withAttempt(
  { redrives: _redrives, missingSince: _missing, ...delivery }: DeliveryDocument,
  latest: Attempt,
  nowSeconds: number,
): DeliveryDocument {
  const { firstAttempt = nowSeconds, attempts } = delivery
  return { ...delivery, firstAttempt, attempts: withLatest(attempts, latest) }
}

/** The record of a delivery that is over. */
export const ended = (
  { due: _due, redrives: _redrives, ...delivery }: DeliveryDocument,
  state: 'delivered' | 'dead' | 'cancelled',
): DeliveryDocument => ({ ...delivery, state })

/** The record of a delivery that is given up; it is dated, for the gauge. */
export const dead = (
  delivery: DeliveryDocument,
  reason: string,
  nowSeconds: number,
): DeliveryDocument => ({ ...ended(delivery, 'dead'), reason, deadAt: nowSeconds })

export const DELETED = 'the subscription was deleted'

/** The record of a delivery that its owner wants no more. */
export const cancelled = (delivery: DeliveryDocument, reason: string): DeliveryDocument => ({
  ...ended(delivery, 'cancelled'),
  reason,
})

/** The record in the backlog, whatever it waited for. */
export const inBacklog = ({
  due: _due,
  redrives: _redrives,
  ...delivery
}: DeliveryDocument): DeliveryDocument => ({ ...delivery, state: 'backlog' })

/** The record of a delivery that begins anew, as its next run, in the backlog. */
export function nextRun(delivery: DeliveryDocument): DeliveryDocument {
  const { reason: _reason, deadAt: _deadAt, firstAttempt: _first, ...anew } = inBacklog(delivery)
  return { ...anew, run: delivery.run + 1, attempt: 0 }
}

/** Whether it waits for an attempt. */
export const isOpen = ({ state }: Pick<DeliveryDocument, 'state'>): boolean =>
  state === 'waiting' || state === 'backlog'

const SHORT = 200 // characters of an earlier answer
const MOST_ATTEMPTS = 50 // kept: two runs of the whole ladder; without a bound a record outgrows what Cosmos DB takes

/** The last attempts with one more; what the earlier ones kept of their answers is cut. */
export function withLatest(attempts: readonly Attempt[], latest: Attempt): Attempt[] {
  const earlier = attempts.map((each) =>
    each.answer === undefined ? each : { ...each, answer: cutText(each.answer, SHORT) },
  )
  return [...earlier, latest].slice(-MOST_ATTEMPTS)
}
