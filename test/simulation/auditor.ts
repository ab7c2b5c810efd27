import { isOpen, type DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { isSubscription } from '../../shared/subscriptions/subscription.ts'
import type { Accepted, Subscribed } from './clients.ts'
import { EPOCH, type Cluster } from './cluster.ts'
import { eventKey } from './event-store.ts'
import { config } from './services.ts'
import type { Life, Timeline } from './timeline.ts'
import { timeOf } from './trace.ts'

const SECOND = 1000
/** What clocks may differ, and a decision may be older than its write. */
const SKEW_MS = 180 * SECOND
const LADDER_MS = config.delivery.retrySeconds.reduce((sum, step) => sum + step * SECOND, 0)

/** Compares what the documents say with what has happened: the promises of the delivery machine. Each finds violations. */
export function createAuditor(
  cluster: Cluster,
  timeline: Timeline,
  accepted: readonly Accepted[],
  subscribed: readonly Subscribed[],
) {
  const { containers, subscribers, scheduler } = cluster
  const requestsAt = (life: Life) => subscribers.get(life.endpoint)?.requests ?? []
  const recordOf = (life: Life, event: string) =>
    containers.deliveries.find(`${life.number}/${event}`)
  const isGone = ({ event }: Accepted) => containers.events.find(eventKey(event)) === undefined

  /** Whether a subscription must have an event: it was active when it was sent, and has been ever since. */
  function isOwed(life: Life, { event, sentAt }: Accepted): boolean {
    const current = life.active.at(-1)
    return (
      matches(life, event) &&
      current !== undefined &&
      current.until === Infinity &&
      current.validated <= Date.parse(event.time) &&
      current.from <= sentAt
    )
  }

  function* ofAccepted(): Generator<[Life, Accepted]> {
    for (const life of timeline.lives.values()) for (const each of accepted) yield [life, each]
  }

  /** Every accepted event is over for whoever was to have it. */
  function* unfinished(): Generator<string> {
    for (const [life, each] of ofAccepted()) {
      const record = recordOf(life, each.event.id)
      const name = `${life.number} ${each.event.id}`
      if (record !== undefined && isOpen(record)) yield `${name} is still ${record.state}`
      if (record === undefined && isOwed(life, each) && !isGone(each))
        yield `${name} was never recorded`
    }
  }

  /** Who is told of a subscription has it: it was not deleted before the request. */
  function* missing(): Generator<string> {
    for (const { number, askedAt } of subscribed)
      if ((timeline.lives.get(number)?.deletedAt ?? Infinity) < askedAt)
        yield `subscription ${number} was answered at ${timeOf(askedAt)}, and is deleted`
  }

  /** What is over is so for a reason that holds. */
  function* unfounded(): Generator<string> {
    for (const [life, each] of ofAccepted()) {
      const record = recordOf(life, each.event.id)
      if (record !== undefined) yield* baseless(life, each, record, `${life.number} ${record.id}`)
    }
  }

  function* baseless(
    life: Life,
    each: Accepted,
    { state, reason = '' }: DeliveryDocument,
    name: string,
  ): Generator<string> {
    const requests = requestsAt(life).filter(({ event }) => event === each.event.id)
    switch (state) {
      case 'waiting':
      case 'backlog':
        return // `unfinished`
      case 'delivered':
        if (!requests.some(({ result }) => result === 'taken' || result === 'gone'))
          yield `${name} is delivered, and was never taken`
        return
      case 'cancelled':
        if (life.deletedAt === Infinity) yield `${name} is cancelled, and its subscription is there`
        return
      case 'dead':
        if (!mayDie(life, each, reason, requests)) yield `${name} is dead without cause: ${reason}`
    }
  }

  function mayDie(
    life: Life,
    each: Accepted,
    reason: string,
    requests: { at: number; result: string }[],
  ): boolean {
    if (reason.includes('gone')) return isGone(each)
    if (reason.startsWith('gave up')) {
      const failed = requests.filter(({ result }) => result !== 'gone')
      const [first] = failed
      const last = failed.at(-1)
      return first !== undefined && last !== undefined && last.at - first.at >= LADDER_MS - SKEW_MS
    }
    if (requests.some(({ result }) => result === 'gone')) return true
    // Disabled: at some time after it was sent, and it was not sent after the subscription was enabled again.
    return (
      life.active.some(
        ({ until }, index) =>
          until !== Infinity &&
          until >= each.sentAt - SKEW_MS &&
          Date.parse(each.event.time) < (life.active[index + 1]?.validated ?? Infinity),
      ) || life.active.length === 0
    )
  }

  /** Every piece of work that waits has its waker. */
  function* unwoken(): Generator<string> {
    const pending = new Set<string>()
    for (const event of containers.events.all()) {
      if (event.pending !== undefined) pending.add(event.id)
      else if (event.fanOut === undefined && event.copyOf === undefined)
        yield `event ${event.id} is neither fanned out nor pending`
    }
    const wakers = leasedNumbers()
    for (const { state, due, id, subscription } of containers.deliveries.all()) {
      if (state === 'waiting' && due === undefined) yield `${subscription} ${id} has no due`
      if (state === 'backlog' && !pending.has(id) && !wakers.has(Number(subscription)))
        yield `${subscription} ${id} is in a backlog that nobody drains`
    }
  }

  function leasedNumbers(): Set<number> {
    const numbers = new Set<number>()
    for (const document of containers.subscriptions.all()) {
      for (const { number } of document.settling?.deleted ?? []) numbers.add(number)
      if (!isSubscription(document) || document.circuit === undefined) continue
      if (document.circuit.state !== 'closed' && document.circuit.lease !== undefined)
        numbers.add(document.number)
    }
    for (const { subscription, state, due } of containers.replays.all())
      if (state === 'running' && due !== undefined) numbers.add(Number(subscription))
    return numbers
  }

  /** No endpoint that is well stays paused. */
  function* paused(): Generator<string> {
    for (const document of containers.subscriptions.all()) {
      if (!isSubscription(document) || !isWell(document.endpoint)) continue
      const { circuit, number } = document
      if (circuit !== undefined && circuit.state !== 'closed' && circuit.state !== 'disabled')
        yield `${number} is ${circuit.state}, and its endpoint is well`
    }
  }
  const isWell = (endpoint: string) => subscribers.get(endpoint)?.behaviour().kind === 'well'

  /** A retry whose time has come is attempted within 60 s of the sweep, whatever else waits. */
  function* late(graceMs: number): Generator<string> {
    const latest = (EPOCH + scheduler.now() - graceMs) / SECOND
    for (const { state, due = Infinity, id, subscription } of containers.deliveries.all()) {
      const endpoint = timeline.lives.get(Number(subscription))?.endpoint ?? ''
      if (state === 'waiting' && due < latest && isWell(endpoint))
        yield `${subscription} ${id} is overdue since ${timeOf(due * SECOND - EPOCH)}`
    }
    for (const { id, pending = Infinity } of containers.events.all())
      if (pending < latest) yield `event ${id} is overdue since ${timeOf(pending * SECOND - EPOCH)}`
  }

  /**
   * Nothing is sent for a subscription that has been deleted or disabled for long. An endpoint that has just answered the
   * validation event may get what its replay finds before its document says so.
   */
  function* unwanted(): Generator<string> {
    for (const { url, requests } of subscribers.values()) {
      const lives = [...timeline.lives.values()].filter(({ endpoint }) => endpoint === url)
      const active = lives.flatMap((life) => life.active)
      let validatedAt = -Infinity
      for (const { at, event, isValidation, result } of requests) {
        if (isValidation && result === 'taken') validatedAt = at
        const isWanted =
          at <= validatedAt + SKEW_MS ||
          active.some(({ from, until }) => from <= at && at <= until + SKEW_MS)
        if (!isValidation && !isWanted)
          yield `${event} was sent to ${url} at ${timeOf(at)}, which wanted no more`
      }
    }
  }

  /** Nothing is sent twice: holds where nothing has failed. */
  function* repeated(): Generator<string> {
    for (const [life, { event }] of ofAccepted()) {
      const taken = requestsAt(life).filter(
        (request) => request.event === event.id && request.result === 'taken',
      )
      if (taken.length > 1) yield `${life.number} ${event.id} was taken ${taken.length} times`
    }
  }

  /** Whether anything waits that will not for ever. */
  function isBusy(): boolean {
    for (const { pending } of containers.events.all()) if (pending !== undefined) return true
    for (const { state } of containers.deliveries.all())
      if (state === 'waiting' || state === 'backlog') return true
    for (const { state } of containers.replays.all()) if (state === 'running') return true
    for (const document of containers.subscriptions.all()) {
      if (document.settling !== undefined) return true
      if (!isSubscription(document) || document.circuit === undefined) continue
      if (document.circuit.state !== 'closed' && document.circuit.lease !== undefined) return true
    }
    return false
  }

  const requests = (): number => {
    let count = 0
    for (const subscriber of subscribers.values()) count += subscriber.requests.length
    return count
  }
  return {
    unfinished,
    missing,
    unfounded,
    unwanted,
    unwoken,
    paused,
    late,
    repeated,
    isBusy,
    requests,
    isWell,
  }
}

const matches = (life: Life, event: { resource: string; type: string }): boolean =>
  life.resource === event.resource && (life.type === undefined || life.type === event.type)
