import type { SubscriptionEntry } from './subscription.ts'

/** The first subscriptions to a resource are in a list: to compare so many is faster than a look-up by value. */
const LISTED = 8

type ByValue = Map<string, SubscriptionEntry[]>

/** Keeps the active subscriptions by resource, and those of a resource with many by a value that they require. */
export function createEntriesByResource() {
  const lists = new Map<string, SubscriptionEntry[]>() // the first ones, and all that require no value
  const values = new Map<string, ByValue>()
  const withSubunits = new Map<string, number>() // how many include subunits

  return {
    /** Returns those to compare with any event of a resource, given in lower case. */
    listed: (resource: string): SubscriptionEntry[] | undefined => lists.get(resource),

    /** Returns the others, by the value that they require of an event. */
    byValue: (resource: string): ByValue | undefined => values.get(resource),

    includesSubunits: (resource: string): boolean => withSubunits.has(resource),

    add(entry: SubscriptionEntry): void {
      const { resource } = entry
      const list = lists.get(resource) ?? []
      const value = list.length < LISTED ? undefined : valueOf(entry)
      if (value === undefined) lists.set(resource, append(list, entry))
      else {
        const byValue = getOrCreate(values, resource, (): ByValue => new Map())
        byValue.set(value, append(byValue.get(value) ?? [], entry))
      }
      if (entry.includeSubunits) withSubunits.set(resource, (withSubunits.get(resource) ?? 0) + 1)
    },

    remove(entry: SubscriptionEntry): void {
      const { resource } = entry
      const isRemoved = removeFrom(lists, resource, entry) || removeByValue(values, entry)
      if (!isRemoved || !entry.includeSubunits) return // it was not active
      const left = (withSubunits.get(resource) ?? 0) - 1
      if (left > 0) withSubunits.set(resource, left)
      else withSubunits.delete(resource)
    },
  }
}

/** Returns the most selective value that the event must have: there are thousands of parties and few types. */
const valueOf = ({ subject, alternative, type }: SubscriptionEntry): string | undefined =>
  subject ?? alternative ?? type

function removeByValue(values: Map<string, ByValue>, entry: SubscriptionEntry): boolean {
  const byValue = values.get(entry.resource)
  const value = valueOf(entry)
  if (byValue === undefined || value === undefined) return false
  const isRemoved = removeFrom(byValue, value, entry)
  if (byValue.size === 0) values.delete(entry.resource)
  return isRemoved
}

function removeFrom(lists: ByValue, key: string, entry: SubscriptionEntry): boolean {
  const list = lists.get(key) ?? []
  const place = list.indexOf(entry)
  if (place < 0) return false
  list.splice(place, 1)
  if (list.length === 0) lists.delete(key)
  return true
}

/** Copies a short list to its exact length: a push or a spread allocates 17 slots, and most lists have one entry. */
function append(list: SubscriptionEntry[], entry: SubscriptionEntry): SubscriptionEntry[] {
  if (list.length < MAX_EXACT_LENGTH) return list.concat(entry)
  list.push(entry)
  return list
}
const MAX_EXACT_LENGTH = 8

/** Returns the value of a key, made and kept where there is none. */
export function getOrCreate<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
