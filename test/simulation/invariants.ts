import { isOpen, type DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { isSubscription } from '../../shared/subscriptions/subscription.ts'
import type { AcceptedEvent, CreatedSubscription } from './clients.ts'
import { EPOCH, type Cluster } from './cluster.ts'
import { eventKey } from './event-store.ts'
import { config } from './services.ts'
import type { SubscriptionHistory, Timeline } from './timeline.ts'
import { formatTime } from './trace.ts'

const SECOND = 1000
/** Bounds how far clocks differ, and how much older than its write a decision is. */
export const MAX_SKEW_MS = 180 * SECOND
const RETRY_SCHEDULE_MS = config.delivery.retrySeconds.reduce((sum, step) => sum + step * SECOND, 0)

/**
 * The invariants of the delivery machine. Each generator compares the documents with what happened, and yields a line
 * for every violation.
 */
export function createInvariants(
  cluster: Cluster,
  timeline: Timeline,
  acceptedEvents: readonly AcceptedEvent[],
  subscriptions: readonly CreatedSubscription[],
) {
  const { containers, subscribers, scheduler } = cluster
  const requestsAt = (history: SubscriptionHistory) =>
    subscribers.get(history.endpoint)?.requests ?? []
  const deliveryOf = (history: SubscriptionHistory, event: string) =>
    containers.deliveries.latest(`${history.number}/${event}`)
  const isGone = ({ event }: AcceptedEvent) => containers.events.find(eventKey(event)) === undefined

  /** Whether a subscription must get an event: it was active when the event was sent, and still is. */
  function isRequired(history: SubscriptionHistory, { event, sentAt }: AcceptedEvent): boolean {
    const current = history.activePeriods.at(-1)
    return (
      matches(history, event) &&
      current !== undefined &&
      current.until === Infinity &&
      current.validated <= Date.parse(event.time) &&
      current.from <= sentAt
    )
  }

  function* pairs(): Generator<[SubscriptionHistory, AcceptedEvent]> {
    for (const history of timeline.histories.values())
      for (const event of acceptedEvents) yield [history, event]
  }

  /** Yields deliveries that are still open, and required ones without a record. */
  function* unfinishedDeliveries(): Generator<string> {
    for (const [history, accepted] of pairs()) {
      const record = deliveryOf(history, accepted.event.id)
      const label = `${history.number} ${accepted.event.id}`
      if (record !== undefined && isOpen(record)) yield `${label} is still ${record.state}`
      if (record === undefined && isRequired(history, accepted) && !isGone(accepted))
        yield `${label} was never recorded`
    }
  }

  /** Yields subscriptions that an owner got a 201 for, and that were deleted before the request. */
  function* lostSubscriptions(): Generator<string> {
    for (const { number, requestedAt } of subscriptions)
      if ((timeline.histories.get(number)?.deletedAt ?? Infinity) < requestedAt)
        yield `subscription ${number} was requested at ${formatTime(requestedAt)}, and is deleted`
  }

  /** Yields deliveries that ended in a state without a valid reason. */
  function* unjustifiedOutcomes(): Generator<string> {
    for (const [history, accepted] of pairs()) {
      const record = deliveryOf(history, accepted.event.id)
      if (record !== undefined)
        yield* unjustifiedOutcome(history, accepted, record, `${history.number} ${record.id}`)
    }
  }

  function* unjustifiedOutcome(
    history: SubscriptionHistory,
    accepted: AcceptedEvent,
    { state, reason = '' }: DeliveryDocument,
    label: string,
  ): Generator<string> {
    const requests = requestsAt(history).filter(({ event }) => event === accepted.event.id)
    switch (state) {
      case 'waiting':
      case 'backlog':
        return // unfinishedDeliveries() finds them
      case 'delivered':
        if (!requests.some(({ result }) => result === 'succeeded' || result === 'gone'))
          yield `${label} is delivered, and no request succeeded`
        return
      case 'cancelled':
        if (history.deletedAt === Infinity)
          yield `${label} is cancelled, and its subscription exists`
        return
      case 'dead':
        if (!canBeDead(history, accepted, reason, requests))
          yield `${label} is dead without a valid reason: ${reason}`
    }
  }

  function canBeDead(
    history: SubscriptionHistory,
    accepted: AcceptedEvent,
    reason: string,
    requests: { at: number; result: string }[],
  ): boolean {
    if (reason.includes('gone')) return isGone(accepted)
    if (reason.startsWith('gave up')) {
      const failed = requests.filter(({ result }) => result !== 'gone')
      const [first] = failed
      const last = failed.at(-1)
      return (
        first !== undefined &&
        last !== undefined &&
        last.at - first.at >= RETRY_SCHEDULE_MS - MAX_SKEW_MS
      )
    }
    if (requests.some(({ result }) => result === 'gone')) return true
    // The subscription was disabled after the event was sent, and the event is older than the next validation.
    return (
      history.activePeriods.some(
        ({ until }, index) =>
          until !== Infinity &&
          until >= accepted.sentAt - MAX_SKEW_MS &&
          Date.parse(accepted.event.time) <
            (history.activePeriods[index + 1]?.validated ?? Infinity),
      ) || history.activePeriods.length === 0
    )
  }

  /** Yields waiting work that has no due time: a time or a lease that brings it back. */
  function* workWithoutDueTime(): Generator<string> {
    const pending = new Set<string>()
    for (const event of containers.events.all()) {
      if (event.pending !== undefined) pending.add(event.id)
      else if (event.fanOut === undefined && event.copyOf === undefined)
        yield `event ${event.id} is neither fanned out nor pending`
    }
    const leased = numbersWithLease()
    for (const { state, due, id, subscription } of containers.deliveries.all()) {
      if (state === 'waiting' && due === undefined) yield `${subscription} ${id} has no due`
      if (state === 'backlog' && !pending.has(id) && !leased.has(Number(subscription)))
        yield `${subscription} ${id} is in a backlog without a lease`
    }
  }

  function numbersWithLease(): Set<number> {
    const numbers = new Set<number>()
    for (const document of containers.subscriptions.all()) {
      for (const { number } of document.cancellation?.deleted ?? []) numbers.add(number)
      if (!isSubscription(document) || document.circuit === undefined) continue
      if (document.circuit.state !== 'closed' && document.circuit.lease !== undefined)
        numbers.add(document.number)
    }
    for (const { subscription, state, due } of containers.replays.all())
      if (state === 'running' && due !== undefined) numbers.add(Number(subscription))
    return numbers
  }

  /** Yields circuits that are not closed although their endpoints are healthy. */
  function* unclosedCircuits(): Generator<string> {
    for (const document of containers.subscriptions.all()) {
      if (!isSubscription(document) || !isHealthy(document.endpoint)) continue
      const { circuit, number } = document
      if (circuit !== undefined && circuit.state !== 'closed' && circuit.state !== 'disabled')
        yield `${number} is ${circuit.state}, and its endpoint is healthy`
    }
  }
  const isHealthy = (endpoint: string) => subscribers.get(endpoint)?.behaviour().kind === 'healthy'

  /** Yields retries of healthy endpoints, and events, that are overdue by more than `graceMs`. */
  function* overdueWork(graceMs: number): Generator<string> {
    const latest = (EPOCH + scheduler.now() - graceMs) / SECOND
    for (const { state, due = Infinity, id, subscription } of containers.deliveries.all()) {
      const endpoint = timeline.histories.get(Number(subscription))?.endpoint ?? ''
      if (state === 'waiting' && due < latest && isHealthy(endpoint))
        yield `${subscription} ${id} is overdue since ${formatTime(due * SECOND - EPOCH)}`
    }
    for (const { id, pending = Infinity } of containers.events.all())
      if (pending < latest)
        yield `event ${id} is overdue since ${formatTime(pending * SECOND - EPOCH)}`
  }

  /**
   * Yields requests for subscriptions that were deleted or disabled before. A replay may begin before the document
   * shows the validation, so requests soon after a validation event are allowed.
   */
  function* unwantedRequests(): Generator<string> {
    for (const { url, requests } of subscribers.values()) {
      const histories = [...timeline.histories.values()].filter(({ endpoint }) => endpoint === url)
      const activePeriods = histories.flatMap((history) => history.activePeriods)
      let validatedAt = -Infinity
      for (const { at, event, isValidation, result } of requests) {
        if (isValidation && result === 'succeeded') validatedAt = at
        const isWanted =
          at <= validatedAt + MAX_SKEW_MS ||
          activePeriods.some(({ from, until }) => from <= at && at <= until + MAX_SKEW_MS)
        if (!isValidation && !isWanted)
          yield `${event} was sent to ${url} at ${formatTime(at)}, without an active subscription`
      }
    }
  }

  /** Yields deliveries that succeeded more than once. This holds only without faults, but also while replicas lag. */
  function* duplicateDeliveries(): Generator<string> {
    for (const [history, { event }] of pairs()) {
      const { length } = requestsAt(history).filter(
        (request) => request.event === event.id && request.result === 'succeeded',
      )
      if (length > 1) yield `${history.number} ${event.id} was delivered ${length} times`
    }
  }

  /** Whether any document has work that will go on. */
  function hasPendingWork(): boolean {
    for (const { pending } of containers.events.all()) if (pending !== undefined) return true
    for (const { state } of containers.deliveries.all())
      if (state === 'waiting' || state === 'backlog') return true
    for (const { state } of containers.replays.all()) if (state === 'running') return true
    for (const document of containers.subscriptions.all()) {
      if (document.cancellation !== undefined) return true
      if (!isSubscription(document) || document.circuit === undefined) continue
      if (document.circuit.state !== 'closed' && document.circuit.lease !== undefined) return true
    }
    return false
  }

  const requestCount = (): number => {
    let count = 0
    for (const subscriber of subscribers.values()) count += subscriber.requests.length
    return count
  }
  return {
    unfinishedDeliveries,
    lostSubscriptions,
    unjustifiedOutcomes,
    unwantedRequests,
    workWithoutDueTime,
    unclosedCircuits,
    overdueWork,
    duplicateDeliveries,
    hasPendingWork,
    requestCount,
  }
}

const matches = (wanted: SubscriptionHistory, event: { resource: string; type: string }): boolean =>
  wanted.resource === event.resource && [undefined, event.type].includes(wanted.type)
