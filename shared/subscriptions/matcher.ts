import type { CloudEvent } from '../events/cloud-event.ts'
import { sourceMatches, entryOf, isActive, type IndexedSubscription } from './subscription.ts'

export type SubscriptionEntry = ReturnType<typeof entryOf>

/** The active subscriptions to a resource: by one value that an event must have, and those that ask for none. */
interface Interest {
  keyed: Map<string, SubscriptionEntry[]> | undefined
  unkeyed: SubscriptionEntry[]
}

type DeletedSubscription = Pick<IndexedSubscription, 'consumer' | 'id' | 'number'>

const LEFT_AT_LEAST = 1000 // few subscriptions are not to be walked through at every change

export type Matcher = ReturnType<typeof createMatcher>

/** Finds the subscriptions that want an event by four look-ups of what it says itself, however many there are. */
export function createMatcher() {
  const interests = new Map<string, Interest>()
  const byNumber = new Map<number, SubscriptionEntry>()
  const consumers = new Map<string, Map<string, number>>() // which number each document of theirs has
  const texts = new Map<string, string>() // parsed JSON has one in each document: 56 bytes for a resource alone
  const shared = (text: string) => getOrCreate(texts, text, () => text)
  let leftSince = 0 // whoever subscribes and leaves again, time after time, must not fill the memory with texts

  /** Takes an entry out; when as many have left as are there, forgets the texts that none has any more. */
  function leave(entry: SubscriptionEntry): void {
    removeFrom(interests, entry)
    if (++leftSince <= byNumber.size + LEFT_AT_LEAST) return
    leftSince = 0
    texts.clear()
    for (const { source, type, consumer, resource } of byNumber.values())
      for (const text of [source, type, consumer, resource]) if (text !== undefined) shared(text)
  }

  function remove(number: number): void {
    const entry = byNumber.get(number)
    if (entry === undefined) return
    byNumber.delete(number)
    const theirs = consumers.get(entry.consumer)
    theirs?.delete(entry.id)
    if (theirs?.size === 0) consumers.delete(entry.consumer)
    leave(entry)
  }

  return {
    /**
     * Adds a subscription, or replaces what its document held before. A version older than the known one changes nothing:
     * a replica of the store may lag.
     */
    put(subscription: IndexedSubscription & { _ts?: number }): void {
      const { id, consumer, number, _ts } = subscription
      const numbers = getOrCreate(consumers, consumer, () => new Map<string, number>())
      const known = byNumber.get(numbers.get(id) ?? number)
      if (known !== undefined && isOlder(subscription, known)) return
      if (known !== undefined) leave(known)
      if (known !== undefined && known.number !== number) byNumber.delete(known.number)
      const entry = entryOf(subscription, _ts ?? known?.version ?? 0, shared)
      byNumber.set(number, entry) // in its old place: who walks through all meets it once
      numbers.set(id, number)
      if (isActive(subscription)) addTo(interests, entry)
    },

    remove,

    /**
     * Removes what a tombstone's document held before, which may be an older number than the tombstone's: an index that is
     * seldom used sees only the last of several. Returns the number.
     */
    removeDeleted({ consumer, id, number }: DeletedSubscription): number | undefined {
      const known = consumers.get(consumer)?.get(id)
      if (known === undefined || known > number) return undefined
      remove(known)
      return known
    },

    /**
     * The active subscriptions whose filters the event meets and that were validated by the time it was accepted: its own,
     * unless it was stored later. `alternative` is its alternative subject in the stored form.
     */
    match(
      event: CloudEvent,
      alternative?: string,
      acceptedMs = Date.parse(event.time),
    ): SubscriptionEntry[] {
      const { keyed, unkeyed } = interests.get(event.resource.toLowerCase()) ?? {}
      const { subject, type } = event
      const lists = [
        unkeyed,
        keyed?.get(subject),
        alternative === undefined || alternative === subject ? undefined : keyed?.get(alternative),
        type === subject || type === alternative ? undefined : keyed?.get(type), // none twice
      ]
      return select(lists, event, alternative, acceptedMs)
    },

    /** A subscription by its number, active or not. */
    get: (number: number): SubscriptionEntry | undefined => byNumber.get(number),

    /** Every subscription, active or not. */
    all: (): Iterable<SubscriptionEntry> => byNumber.values(),

    get size(): number {
      return byNumber.size
    },

    /** How many texts and resources it keeps, also of subscriptions that left. */
    retained: () => texts.size + interests.size + consumers.size,
  }
}

/** The document of a subscription that was deleted and made again is the same, its number higher. */
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
  for (const list of lists)
    if (list !== undefined)
      for (const entry of list)
        if (filtersMatch(entry, event, alternative) && (entry.validated ?? Infinity) <= acceptedMs)
          found.push(entry)
  return found
}

const filtersMatch = (
  { source, subject, alternative, type }: SubscriptionEntry,
  event: CloudEvent,
  alternativeOfEvent: string | undefined,
): boolean =>
  (subject === undefined || subject === event.subject) &&
  (alternative === undefined || alternative === alternativeOfEvent) &&
  (type === undefined || type === event.type) &&
  (source === undefined || sourceMatches(source, event.source))

/** The most telling value that an event must have: thousands of parties, some alternatives of each, a few types. */
const keyOf = ({ subject, alternative, type }: SubscriptionEntry): string | undefined =>
  subject ?? alternative ?? type

function addTo(interests: Map<string, Interest>, entry: SubscriptionEntry): void {
  const interest = getOrCreate(interests, entry.resource, () => ({ keyed: undefined, unkeyed: [] }))
  const key = keyOf(entry)
  if (key === undefined) interest.unkeyed = append(interest.unkeyed, entry)
  else {
    const keyed = (interest.keyed ??= new Map<string, SubscriptionEntry[]>())
    keyed.set(key, append(keyed.get(key) ?? [], entry))
  }
}

/** A short list is made anew, as long as it must be: a push, or a spread, would make room for 17, and most have one. */
function append(list: SubscriptionEntry[], entry: SubscriptionEntry): SubscriptionEntry[] {
  if (list.length < SHORT) return list.concat(entry)
  list.push(entry)
  return list
}
const SHORT = 8

function removeFrom(interests: Map<string, Interest>, entry: SubscriptionEntry): void {
  const { keyed, unkeyed = [] } = interests.get(entry.resource) ?? {}
  const key = keyOf(entry)
  const list = key === undefined ? unkeyed : (keyed?.get(key) ?? [])
  const place = list.indexOf(entry)
  if (place >= 0) list.splice(place, 1)
  if (key !== undefined && list.length === 0) keyed?.delete(key)
  if (unkeyed.length === 0 && (keyed?.size ?? 0) === 0) interests.delete(entry.resource)
}

function getOrCreate<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
