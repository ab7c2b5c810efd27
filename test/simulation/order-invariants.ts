import type { Stored } from '../../shared/azure/documents.ts'
import { isOpen, type DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { orderIdOf } from '../../shared/deliveries/order-store.ts'
import type { AcceptedEvent } from './clients.ts'
import { endpointOf, type Cluster } from './cluster.ts'
import { eventKey } from './event-store.ts'
import type { Plan } from './plan.ts'
import { RETENTION_DAYS } from './stores.ts'
import type { Timeline } from './timeline.ts'

/** The numbers that an ordered subscription has sent of a subject. */
interface Numbers {
  /** The events that ever had a number, by it. */
  assigned: Map<number, string>
  /** The number of each event, for as long as its delivery is kept. */
  kept: Map<string, number>
}

const isShortLived = ({ state }: DeliveryDocument): boolean =>
  state === 'delivered' || state === 'cancelled'

/**
 * Watches the requests of ordered subscriptions. Yields a line where an event began before one that was acknowledged
 * before it was published was over, and where numbers are not unique, without gaps, and the same for each repeat while the
 * delivery is kept.
 */
export function watchOrder(
  { containers, subscribers }: Pick<Cluster, 'containers' | 'subscribers'>,
  { histories }: Timeline,
  accepted: readonly AcceptedEvent[],
  plan: Plan,
): string[] {
  const violations: string[] = []
  const numbers = new Map<string, Numbers>() // by subscription and subject
  const claimed = new Map<string, string>() // event, by subscription, order and number
  const overassigned = new Map<string, string>() // event that began, by the one without a record
  const ended = new Map<string, number>() // second in which a delivery ended that is not kept for as long as its event
  const replayed = new Set<string>() // what a replay has recorded: its event has been fanned out without
  const recordOf = (number: number, event: string) =>
    containers.deliveries.latest(`${number}/${event}`)

  containers.orders.onWrite((order) => {
    if (order !== undefined)
      claimed.set(`${order.subscription} ${order.id} ${order.sequence}`, order.event)
  })
  containers.deliveries.onWrite((delivery, before) => {
    if (delivery === undefined) return forgetErased(before)
    const key = `${delivery.subscription} ${delivery.id}`
    if (before === undefined) forgetNumber(key, delivery)
    ended.delete(key)
    if (isShortLived(delivery)) ended.set(key, delivery._ts)
    if (before !== undefined) return
    if (containers.events.find(eventKey(delivery))?.pending === undefined) replayed.add(key)
    const later = overassigned.get(key)
    if (later !== undefined && !replayed.has(key))
      violations.push(`${key} was recorded after ${later} was sent`)
  })

  /** Lets an event have another number where its delivery is created again after its retention. */
  function forgetNumber(key: string, delivery: Stored<DeliveryDocument>): void {
    const { subscription, id, _ts } = delivery
    if (_ts - (ended.get(key) ?? Infinity) >= RETENTION_DAYS * 86_400)
      numbers.get(`${subscription} ${orderIdOf(delivery)}`)?.kept.delete(id)
  }

  /** Lets an erased event have another number: the message of one that was spilled has it still, and stores it anew. */
  function forgetErased(delivery: DeliveryDocument | undefined): void {
    if (delivery === undefined) return
    numbers.get(`${delivery.subscription} ${orderIdOf(delivery)}`)?.kept.delete(delivery.id)
  }

  const isErased = (id: string | undefined): boolean =>
    accepted.some(
      ({ event }) => event.id === id && containers.events.find(eventKey(event)) === undefined,
    )

  /** Whether an event was not stored late, and is not erased. */
  const isInTime = ({ event }: AcceptedEvent): boolean => {
    const stored = containers.events.find(eventKey(event))
    return stored !== undefined && stored.late === undefined
  }

  function* earlierThan(event: string): Generator<AcceptedEvent> {
    const own = accepted.find((each) => each.event.id === event)
    if (own === undefined) return
    for (const each of accepted)
      if (
        each.how !== 'spilled' &&
        each.event.id < event &&
        each.acceptedAt < own.sentAt &&
        isInTime(each) &&
        each.event.resource === own.event.resource &&
        each.event.subject === own.event.subject
      )
        yield each
  }

  function checkEarlier(number: number, event: string): void {
    for (const { event: earlier } of earlierThan(event)) {
      const { type, activePeriods = [] } = histories.get(number) ?? {}
      if (type !== undefined && type !== earlier.type) continue
      const { validated = 0 } = activePeriods.at(-1) ?? {}
      if (Date.parse(earlier.time) < validated) continue // only a replay records it
      const key = `${number} ${earlier.id}`
      const record = recordOf(number, earlier.id)
      if (record === undefined) overassigned.set(key, event)
      else if (record.run === 0 && isOpen(record) && !replayed.has(key))
        violations.push(`${event} was sent while ${key} was ${record.state}`)
    }
  }

  /** Checks that no other event of the subject has begun, and is open. */
  function checkAlone(number: number, own: DeliveryDocument): void {
    for (const each of containers.deliveries.all())
      if (
        each.subscription === String(number) &&
        each.id !== own.id &&
        each.subject === own.subject &&
        each.sequence !== undefined &&
        each.run === 0 &&
        isOpen(each)
      )
        violations.push(`${own.id} was sent to ${number} while ${each.id} was ${each.state}`)
  }

  function checkNumber(number: number, event: string, order: string, sequence: number): void {
    const key = `${number} ${order}`
    const known: Numbers = numbers.get(key) ?? { assigned: new Map(), kept: new Map() }
    const { assigned, kept } = known
    numbers.set(key, known)
    const before = kept.get(event)
    if (before === sequence) return
    if (before !== undefined) violations.push(`${event} was ${before} and is ${sequence}`)
    if ((assigned.get(sequence) ?? event) !== event)
      violations.push(`${key} has two events with the number ${sequence}`)
    for (let gap = Math.max(0, ...assigned.keys()) + 1; gap < sequence; gap++) {
      const missing = claimed.get(`${key} ${gap}`)
      if (isErased(missing)) continue
      const record = missing === undefined ? undefined : recordOf(number, missing)
      if (record === undefined || (record.run === 0 && isOpen(record)))
        violations.push(`${key} has no number ${gap}`)
    }
    assigned.set(sequence, event)
    kept.set(event, sequence)
  }

  plan.subscribers.forEach(({ ordered }, index) => {
    if (ordered === undefined) return
    const endpoint = endpointOf(index)
    subscribers.get(endpoint)?.onBegin((event, sequence) => {
      const number = [...histories.values()].findLast(
        (each) => each.endpoint === endpoint && recordOf(each.number, event) !== undefined,
      )?.number
      const record = number === undefined ? undefined : recordOf(number, event)
      if (number === undefined || record === undefined) return
      if (sequence === undefined) violations.push(`${event} was sent without a number`)
      else checkNumber(number, event, orderIdOf(record), sequence)
      if (record.run !== 0) return // a replay goes by itself
      checkEarlier(number, event)
      if (isOpen(record)) checkAlone(number, record)
    })
  })
  return violations
}
