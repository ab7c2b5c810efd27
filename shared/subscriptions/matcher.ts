import type { CloudEvent } from '../events/cloud-event.ts'
import { canonicalSource } from '../events/source.ts'
import { sourceMatches, entryOf, isActive, type IndexedSubscription } from './subscription.ts'

export type SubscriptionEntry = ReturnType<typeof entryOf>

/** The active subscriptions to a resource: those that require a value of the event, by that value, and the others. */
interface ResourceEntries {
  keyed: Map<string, SubscriptionEntry[]> | undefined
  unkeyed: SubscriptionEntry[]
  /** How many include subunits. */
  withSubunits: number
}

type DeletedSubscription = Pick<IndexedSubscription, 'consumer' | 'id' | 'number'>

const MIN_REMOVED = 1000 // below that, a clean-up costs more than it frees

export type Matcher = ReturnType<typeof createMatcher>

/** Finds the subscriptions that match an event by four look-ups, however many subscriptions there are. */
export function createMatcher() {
  const byResource = new Map<string, ResourceEntries>()
  const byNumber = new Map<number, SubscriptionEntry>()
  const consumers = new Map<string, Map<string, number>>() // document id → number, by consumer
  const internedTexts = new Map<string, string>() // parsed JSON has a copy in each document: 56 bytes for a resource
  const intern = (text: string) => getOrCreate(internedTexts, text, () => text)
  let removedSinceCleanup = 0 // repeated subscribing and unsubscribing must not fill the memory

  /** Removes an entry. Drops unused texts once as many entries were removed as are left. */
  function removeEntry(entry: SubscriptionEntry): void {
    removeFrom(byResource, entry)
    if (++removedSinceCleanup <= byNumber.size + MIN_REMOVED) return
    removedSinceCleanup = 0
    internedTexts.clear()
    for (const { source, type, consumer, resource } of byNumber.values())
      for (const text of [source, type, consumer, resource]) if (text !== undefined) intern(text)
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
      const entry = entryOf(subscription, _ts ?? known?.version ?? 0, intern)
      byNumber.set(number, entry) // keeps its position, so iteration visits it once
      numbers.set(id, number)
      if (isActive(subscription)) addTo(byResource, entry)
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
      const { keyed, unkeyed } = byResource.get(event.resource.toLowerCase()) ?? {}
      const { subject, type } = event
      const lists = [
        unkeyed,
        subject === undefined ? undefined : keyed?.get(subject),
        alternative === undefined || alternative === subject ? undefined : keyed?.get(alternative),
        type === subject || type === alternative ? undefined : keyed?.get(type), // no duplicates
      ]
      return select(lists, event, alternative, acceptedMs)
    },

    /** Whether an active subscription to the resource includes subunits. */
    includesSubunits: (resource: string): boolean =>
      (byResource.get(resource.toLowerCase())?.withSubunits ?? 0) > 0,

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
      const { keyed } = byResource.get(event.resource.toLowerCase()) ?? {}
      const source = canonicalSource(event.source)
      return [...new Set(mainUnits)]
        .filter((subject) => subject !== event.subject) // `match` has them
        .flatMap((subject) => keyed?.get(subject) ?? [])
        .filter(
          (entry) =>
            isMainUnit(entry, mainUnits) &&
            othersMatch(entry, event, alternative, source) &&
            wasValid(entry, acceptedMs),
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
      const [resource, source] = [event.resource.toLowerCase(), canonicalSource(event.source)]
      return [...byNumber.values()].filter(
        (entry) =>
          entry.resource === resource &&
          (subjectMatches(entry, event) || isMainUnit(entry, mainUnits)) &&
          othersMatch(entry, event, alternative, source),
      )
    },

    /** Returns a subscription by number, active or not. */
    get: (number: number): SubscriptionEntry | undefined => byNumber.get(number),

    /** Returns every subscription, active or not. */
    all: (): Iterable<SubscriptionEntry> => byNumber.values(),

    get size(): number {
      return byNumber.size
    },

    /** Returns how many texts and resources it keeps, including those of removed subscriptions. */
    retained: () => internedTexts.size + byResource.size + consumers.size,
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
  const source = canonicalSource(event.source)
  for (const list of lists)
    if (list !== undefined)
      for (const entry of list)
        if (
          subjectMatches(entry, event) &&
          othersMatch(entry, event, alternative, source) &&
          wasValid(entry, acceptedMs)
        )
          found.push(entry)
  return found
}

const subjectMatches = ({ subject }: SubscriptionEntry, event: CloudEvent): boolean =>
  subject === undefined || subject === event.subject

/** Whether a subscription includes subunits, and its subject is one of these main units. */
const isMainUnit = (
  { includeSubunits, subject }: SubscriptionEntry,
  mainUnits: string[],
): boolean => includeSubunits && subject !== undefined && mainUnits.includes(subject)

const wasValid = ({ validated }: SubscriptionEntry, acceptedMs: number): boolean =>
  (validated ?? Infinity) <= acceptedMs

/** Whether the filters beside the subject match an event of the same resource. */
export const otherFiltersMatch = (
  entry: SubscriptionEntry,
  event: Pick<CloudEvent, 'type' | 'source'>,
  alternative: string | undefined,
): boolean => othersMatch(entry, event, alternative, canonicalSource(event.source))

const othersMatch = (
  { source, alternative, type }: SubscriptionEntry,
  event: Pick<CloudEvent, 'type'>,
  alternativeOfEvent: string | undefined,
  sourceOfEvent: string,
): boolean =>
  (alternative === undefined || alternative === alternativeOfEvent) &&
  (type === undefined || type === event.type) &&
  (source === undefined || sourceMatches(source, sourceOfEvent))

/** Returns the most selective value that the event must have: there are thousands of parties and few types. */
const keyOf = ({ subject, alternative, type }: SubscriptionEntry): string | undefined =>
  subject ?? alternative ?? type

const newResource = (): ResourceEntries => ({ keyed: undefined, unkeyed: [], withSubunits: 0 })

function addTo(byResource: Map<string, ResourceEntries>, entry: SubscriptionEntry): void {
  const entries = getOrCreate(byResource, entry.resource, newResource)
  if (entry.includeSubunits) entries.withSubunits++
  const key = keyOf(entry)
  if (key === undefined) entries.unkeyed = append(entries.unkeyed, entry)
  else {
    const keyed = (entries.keyed ??= new Map<string, SubscriptionEntry[]>())
    keyed.set(key, append(keyed.get(key) ?? [], entry))
  }
}

/** Copies a short list to its exact length: a push or a spread allocates 17 slots, and most lists have one entry. */
function append(list: SubscriptionEntry[], entry: SubscriptionEntry): SubscriptionEntry[] {
  if (list.length < MAX_EXACT_LENGTH) return list.concat(entry)
  list.push(entry)
  return list
}
const MAX_EXACT_LENGTH = 8

function removeFrom(byResource: Map<string, ResourceEntries>, entry: SubscriptionEntry): void {
  const entries = byResource.get(entry.resource) ?? newResource()
  const { keyed, unkeyed } = entries
  const key = keyOf(entry)
  const list = key === undefined ? unkeyed : (keyed?.get(key) ?? [])
  const place = list.indexOf(entry)
  if (place < 0) return // it was not active
  list.splice(place, 1)
  if (entry.includeSubunits) entries.withSubunits--
  if (key !== undefined && list.length === 0) keyed?.delete(key)
  if (unkeyed.length === 0 && (keyed?.size ?? 0) === 0) byResource.delete(entry.resource)
}

function getOrCreate<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
