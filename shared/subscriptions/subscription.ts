import { alternativeOf } from '../events/event-document.ts'
import { canonicalSource, faultOfSource } from '../events/source.ts'
import { leaseOf, type Circuit, type Lease } from './circuit-breaker.ts'

/** The filters of a subscription: the resource must match, and each other filter that is given. */
export interface Filters {
  resource: string
  source?: string
  subject?: string
  alternative?: string
  type?: string
  /** Whether events about a subunit of the subject match too. */
  includeSubunits?: true
}

/** A stored subscription. */
export interface SubscriptionDocument {
  v: 1
  /** SHA-256 (hex) of endpoint and filters, so that a consumer has no identical two. */
  id: string
  /** The partition key, such as /org/ttd. */
  consumer: string
  /** The public id: a 32-bit integer, never reused. */
  number: number
  endpoint: string
  filters: Filters
  /** The rate limit, 1 to 1,000; without one, events are sent as they come. */
  maxPerSecond?: number
  /** Whether it gets the events of a subject one at a time, in order. */
  ordered?: true
  /** Who has permitted it, and is asked again before its deliveries; absent where a built-in rule permits it. */
  accessBy?: 'grants' | 'policy'
  createdBy: string
  created: string
  /** ISO time at which the endpoint first answered the validation event; absent before. */
  validated?: string
  /**
   * The validation under way. The sweep sends its message again at `due` (epoch seconds), which is absent once given
   * up.
   */
  validation?: Validation
  /** The current secret first, then rotated ones until they expire: both sign meanwhile. */
  secrets: Secret[]
  circuit?: Circuit
  /** What the next drain must not see an older version of. */
  drained?: DrainedWrite[]
  cancellation?: Cancellation
  /** Epoch seconds at which the sweep handles it; set by the store. */
  due?: number
  /** The id of the latest replay; only one runs at a time. */
  replay?: string
}

/** The last write of a drain to a physical partition of its deliveries; replicas may lag behind it until an epoch second. */
export interface DrainedWrite {
  event: string
  session: string
  until: number
}

interface Secret {
  key: string
  until?: string
}

export interface Validation {
  attempt: number
  due?: number
  source: string
  failure?: string
  failedAt?: string
}

/** Deleted subscriptions with this id whose deliveries are still to be cancelled, in the order of their deletion. */
export interface Cancellation {
  deleted: Deleted[]
  lease: Lease
}

/** The number of a deleted subscription, and the epoch second of its deletion. */
export interface Deleted {
  number: number
  since: number
}

/** A deleted subscription. It stays until every index has read it and its deliveries are cancelled. */
export interface Tombstone {
  v: 1
  id: string
  consumer: string
  number: number
  deleted: true
  cancellation?: Cancellation
  due?: number
  ttl: number
}

/** A document of the subscriptions container. */
export type SubscriptionOrTombstone = SubscriptionDocument | Tombstone

/** Whether a document is a subscription, not a tombstone. */
export const isSubscription = <T extends SubscriptionOrTombstone>(
  found: T | undefined,
): found is Exclude<T, Tombstone> => found !== undefined && !('deleted' in found)

/** Returns the epoch second at which the sweep has work for the document, or undefined. */
export function dueOf(document: SubscriptionOrTombstone): number | undefined {
  const { circuit, validation } = isSubscription(document) ? document : {}
  const times = [leaseOf(circuit)?.until, document.cancellation?.lease.until, validation?.due]
  const due = Math.min(...times.filter((time) => time !== undefined))
  return due === Infinity ? undefined : due
}

/** Returns the subscription with another circuit, or with none. */
export function withCircuit<T extends SubscriptionDocument>(
  { circuit: _before, ...subscription }: T,
  circuit: Circuit | undefined,
) {
  return circuit === undefined ? subscription : { ...subscription, circuit }
}

/** The members that the index reads: those that fan-outs need. */
export type IndexedSubscription = Pick<
  SubscriptionDocument,
  | 'id'
  | 'consumer'
  | 'number'
  | 'endpoint'
  | 'secrets'
  | 'filters'
  | 'maxPerSecond'
  | 'ordered'
  | 'accessBy'
  | 'validated'
  | 'circuit'
>

/** Whether it gets events, at once or from its backlog. */
export const isActive = ({
  validated,
  circuit,
}: Pick<SubscriptionDocument, 'validated' | 'circuit'>): boolean =>
  validated !== undefined && circuit?.state !== 'disabled'

/**
 * Returns the address of the app that a source filter names, as sources are compared, and the app's resource. Undefined
 * where it names no app, or more than an app: as in the original, and no event could have it.
 */
export function appInFilter(filter: string): { source: string; resource: string } | undefined {
  if (faultOfSource(filter) !== undefined) return undefined
  const app = /^(https?:\/\/[^/?#]+)\/([a-z0-9-]+)\/([\w-]+)\/?$/i.exec(canonicalSource(filter))
  if (app === null) return undefined
  const [, address = '', org = '', name = ''] = app.map((part) => part.toLowerCase())
  return {
    source: `${address}/${org}/${name}`,
    resource: `urn:altinn:resource:app_${org}_${name}`,
  }
}

/** Filters in the form that is compared with events: the resource in lower case, no slash at the end of the source. */
function normalized({ resource, source, alternative, ...others }: Filters): Filters {
  return {
    ...others,
    resource: resource.toLowerCase(),
    ...(source !== undefined && { source: canonicalSource(source).replace(/\/+$/, '') }),
    ...(alternative !== undefined && {
      alternative: alternativeOf(alternative),
    }),
  }
}

/** Whether an event's canonical source lies at or below a normalized source filter, by whole segments of the path. */
export function sourceMatches(filter: string, source: string): boolean {
  if (!source.startsWith(filter)) return false
  const next = source[filter.length]
  return next === undefined || next === '/' || next === '?' || next === '#'
}

/**
 * Returns the index entry of a subscription: what a fan-out needs, and what matching compares. Nearly every member is always
 * present, since objects of one shape match faster. `shared` returns one copy of a text; resource and source are those
 * of another subscription to the resource where one has them: parsed JSON has copies, of some 60 bytes.
 */
export function entryOf(
  subscription: IndexedSubscription,
  version: number,
  shared: (text: string) => string,
  siblings: { resource: string; source: string | undefined }[] = [],
) {
  const { number, id, consumer, validated, filters, endpoint, secrets, circuit } = subscription
  const { resource, source, subject, alternative, type, includeSubunits } = normalized(filters)
  return {
    source: siblings.find((each) => each.source === source)?.source ?? source, // matching compares the first members: side by side in memory
    subject,
    alternative,
    type: type === undefined ? undefined : shared(type),
    /** Epoch milliseconds. */
    validated: validated === undefined ? undefined : Date.parse(validated),
    number,
    id,
    consumer: shared(consumer),
    resource: siblings[0]?.resource ?? resource,
    endpoint,
    secrets: compactSecrets(secrets),
    circuit,
    includeSubunits: includeSubunits === true,
    /** Epoch seconds of the version read. */
    version,
    ...seldomSet(subscription),
  }
}

export type SubscriptionEntry = ReturnType<typeof entryOf>

type SeldomSet = {
  [Name in 'maxPerSecond' | 'ordered' | 'accessBy']?: IndexedSubscription[Name] | undefined
}

/** Returns the members that few subscriptions have, all or none: they take 24 bytes, and two shapes match as fast as one. */
function seldomSet({ maxPerSecond, ordered, accessBy }: SeldomSet): SeldomSet {
  const isSet = (maxPerSecond ?? ordered ?? accessBy) !== undefined
  return isSet ? { maxPerSecond, ordered, accessBy } : {}
}

/** Returns a single secret without its array and object, which take 88 bytes. */
function compactSecrets(secrets: Secret[]): string | Secret[] {
  const [current, ...older] = secrets
  return current === undefined || current.until !== undefined || older.length > 0
    ? secrets
    : current.key
}

/** Returns the secrets of an entry. */
export const secretsOf = ({ secrets }: Pick<SubscriptionEntry, 'secrets'>): Secret[] =>
  typeof secrets === 'string' ? [{ key: secrets }] : secrets
