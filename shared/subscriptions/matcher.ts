import type { CloudEvent } from '../events/cloud-event.ts'
import { createEntriesByResource, getOrCreate } from './entries-by-resource.ts'
import { createFilterMatch, isMainUnit, subjectMatches, wasValid } from './filter-match.ts'
import {
  entryOf,
  isActive,
  type IndexedSubscription,
  type SubscriptionEntry,
} from './subscription.ts'

type DeletedSubscription = Pick<IndexedSubscription, 'consumer' | 'id' | 'number'>

const MIN_REMOVED = 1000 // below that, a clean-up costs more than it frees

export type Matcher = ReturnType<typeof createMatcher>

/** Finds the subscriptions that match an event by a handful of look-ups, however many subscriptions there are. */
export function createMatcher() {
  const active = createEntriesByResource()
  const byNumber = new Map<number, SubscriptionEntry>()
  const consumers = new Map<string, Map<string, number>>() // document id → number, by consumer
  const internedTexts = new Map<string, string>() // parsed JSON has a copy in each document
  const intern = (text: string) => getOrCreate(internedTexts, text, () => text)
  let removedSinceCleanup = 0 // repeated subscribing and unsubscribing must not fill the memory

  /** Removes an entry. Drops unused texts once as many entries were removed as are left. */
  function removeEntry(entry: SubscriptionEntry): void {
    active.remove(entry)
    if (++removedSinceCleanup <= byNumber.size + MIN_REMOVED) return
    removedSinceCleanup = 0
    internedTexts.clear()
    for (const { type, consumer } of byNumber.values())
      for (const text of [type, consumer]) if (text !== undefined) intern(text)
  }

  function remove(number: number): void {
    const entry = byNumber.get(number)
    if (entry === undefined) return
    byNumber.delete(number)
    const numbers = consumers.get(entry.consumer)
    numbers?.delete(entry.id)
    if (numbers?.size === 0) consumers.delete(entry.consumer)
    removeEntry(entry)
  }

  return {
    /**
     * Adds or replaces a subscription. Ignores a version older than the known one: a replica of the store may lag.
     * Returns the number of the earlier subscription that it replaced: that one was deleted.
     */
    put(subscription: IndexedSubscription & { _ts?: number }): number | undefined {
      const { id, consumer, number, _ts } = subscription
      const numbers = getOrCreate(consumers, consumer, () => new Map<string, number>())
      const known = byNumber.get(numbers.get(id) ?? number)
      if (known !== undefined && isOlder(subscription, known)) return undefined
      if (known !== undefined) removeEntry(known)
      if (known !== undefined && known.number !== number) byNumber.delete(known.number)
      const siblings = active.listed(subscription.filters.resource.toLowerCase()) ?? []
      const entry = entryOf(subscription, _ts ?? known?.version ?? 0, intern, siblings)
      byNumber.set(number, entry) // keeps its position, so iteration visits it once
      numbers.set(id, number)
      if (isActive(subscription)) active.add(entry)
      return known === undefined || known.number === number ? undefined : known.number
    },

    remove,

    /**
     * Removes the subscription that a deleted document held, which may have an older number than the tombstone: an
     * index that is seldom used misses versions in between. Returns the number that was removed.
     */
    removeDeleted({ consumer, id, number }: DeletedSubscription): number | undefined {
      const known = consumers.get(consumer)?.get(id)
      if (known === undefined || known > number) return undefined
      remove(known)
      return known
    },

    /**
     * Returns the active subscriptions that match the event and were validated by the time it was accepted, in ms of the
     * epoch. `alternative` is its stored alternative subject.
     */
    match(
      event: CloudEvent,
      alternative: string | undefined,
      acceptedMs: number,
    ): SubscriptionEntry[] {
      const resource = event.resource.toLowerCase()
      const byValue = active.byValue(resource)
      const { subject, type } = event
      const isOther = alternative !== subject // no duplicates
      const lists = [
        active.listed(resource),
        subject === undefined ? undefined : byValue?.get(subject),
        alternative === undefined || !isOther ? undefined : byValue?.get(alternative),
        type === subject || type === alternative ? undefined : byValue?.get(type),
      ]
      return select(lists, event, alternative, acceptedMs)
    },

    /** Whether an active subscription to the resource includes subunits. */
    includesSubunits: (resource: string): boolean =>
      active.includesSubunits(resource.toLowerCase()),

    /**
     * Returns those that `match` does not, because the event is about a subunit of their subject. `mainUnits` are the
     * subjects that name a main unit of the event's.
     */
    matchSubunit(
      event: CloudEvent,
      alternative: string | undefined,
      acceptedMs: number,
      mainUnits: string[],
    ): SubscriptionEntry[] {
      const resource = event.resource.toLowerCase()
      const byValue = active.byValue(resource)
      const others = mainUnits.filter((subject) => subject !== event.subject) // `match` has those
      const matches = createFilterMatch(event, alternative)
      return [active.listed(resource), ...[...new Set(others)].map((unit) => byValue?.get(unit))]
        .flatMap((list) => list ?? [])
        .filter(
          (entry) => isMainUnit(entry, others) && matches(entry) && wasValid(entry, acceptedMs),
        )
    },

    /**
     * Returns the subscriptions whose filters match the event, active or not, those to a main unit of its subject included.
     * Looks at all: 100,000 take some 5 ms.
     */
    matchAny: (
      event: CloudEvent,
      alternative: string | undefined,
      mainUnits: string[],
    ): SubscriptionEntry[] => {
      const resource = event.resource.toLowerCase()
      const matches = createFilterMatch(event, alternative)
      return [...byNumber.values()].filter(
        (entry) =>
          entry.resource === resource &&
          (subjectMatches(entry, event) || isMainUnit(entry, mainUnits)) &&
          matches(entry),
      )
    },

    /** Returns a subscription by number, active or not. */
    get: (number: number): SubscriptionEntry | undefined => byNumber.get(number),

    /** Returns every subscription, active or not. */
    all: (): Iterable<SubscriptionEntry> => byNumber.values(),

    get size(): number {
      return byNumber.size
    },
  }
}

/** A subscription that is deleted and created again keeps its document id and gets a higher number. */
const isOlder = (
  { number, _ts = Infinity }: { number: number; _ts?: number },
  known: SubscriptionEntry,
): boolean => number < known.number || (number === known.number && _ts < known.version)

function select(
  lists: (SubscriptionEntry[] | undefined)[],
  event: CloudEvent,
  alternative: string | undefined,
  acceptedMs: number,
): SubscriptionEntry[] {
  const found: SubscriptionEntry[] = []
  const matches = createFilterMatch(event, alternative)
  for (const list of lists)
    if (list !== undefined)
      for (const entry of list)
        if (subjectMatches(entry, event) && matches(entry) && wasValid(entry, acceptedMs))
          found.push(entry)
  return found
}
