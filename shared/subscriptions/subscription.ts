import { alternativeOf } from '../events/event-document.ts'
import { canonicalSource, faultOfSource } from '../events/source.ts'
import { leaseOf, type Circuit, type Lease } from './circuit-breaker.ts'

/** Which events a subscriber wants: the resource's, of those only the ones that have all that is given. */
export interface Filters {
  resource: string
  source?: string
  subject?: string
  alternative?: string
  type?: string
}

/** A subscription as it is stored. */
export interface SubscriptionDocument {
  v: 1
  /** SHA-256 (hex) of endpoint and filters: an identical one of the same consumer is this one. */
  id: string
  /** The partition key, such as /org/ttd. */
  consumer: string
  /** The public id: a 32-bit integer that is never given twice. */
  number: number
  endpoint: string
  filters: Filters
  createdBy: string
  created: string
  /** When the endpoint answered the validation event; absent until then. */
  validated?: string
  /** The validation that is under way; the sweep sends its message again at `due` (epoch seconds), absent once given up. */
  validation?: Validation
  /** The current one first, then older ones, each until a time: rotated secrets overlap. */
  secrets: { key: string; until?: string }[]
  circuit?: Circuit
  settling?: Settling
  /** Epoch seconds at which the sweep looks at it; the store sets it. */
  wake?: number
  /** The replay that was asked for last: one runs at a time. */
  replay?: string
}

export interface Validation {
  attempt: number
  due?: number
  source: string
  failure?: string
  failedAt?: string
}

/** Deleted subscriptions under this id whose deliveries are still to be cancelled; `since` in epoch seconds. */
export interface Settling {
  numbers: number[]
  since: number
  lease: Lease
}

/** What is left of a deleted subscription, so that every index hears of it, and until its deliveries are cancelled. */
export interface Tombstone {
  v: 1
  id: string
  consumer: string
  number: number
  deleted: true
  settling?: Settling
  wake?: number
  ttl: number
}

/** A document under a subscription's id. */
export type SubscriptionOrTombstone = SubscriptionDocument | Tombstone

/** Whether a document is a subscription, and not what is left of one. */
export const isSubscription = <T extends SubscriptionOrTombstone>(
  found: T | undefined,
): found is Exclude<T, Tombstone> => found !== undefined && !('deleted' in found)

/** The epoch second at which the sweep has something to do for it: the one waker of all that waits for the subscription. */
export function wakeOf(document: SubscriptionOrTombstone): number | undefined {
  const { circuit, validation } = isSubscription(document) ? document : {}
  const times = [leaseOf(circuit)?.until, document.settling?.lease.until, validation?.due]
  const wake = Math.min(...times.filter((time) => time !== undefined))
  return wake === Infinity ? undefined : wake
}

/** The subscription with another circuit, or with none where all is well. */
export function withCircuit<T extends SubscriptionDocument>(
  { circuit: _before, ...subscription }: T,
  circuit: Circuit | undefined,
) {
  return circuit === undefined ? subscription : { ...subscription, circuit }
}

/** What the index reads of a subscription: what fan-outs need, and nothing that only readers of the document need. */
export type IndexedSubscription = Pick<
  SubscriptionDocument,
  'id' | 'consumer' | 'number' | 'endpoint' | 'secrets' | 'filters' | 'validated' | 'circuit'
>

/** Whether events go to it, at once or by its backlog. */
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
 * What a fan-out needs to know of a subscription without reading its document, and what matching compares. Every member is
 * there, with a value or not: objects of one shape are matched faster. `shared` gives one copy of a text.
 */
export function entryOf(
  subscription: IndexedSubscription,
  version: number,
  shared: (text: string) => string,
) {
  const { number, id, consumer, validated, filters, endpoint, secrets, circuit } = subscription
  const { resource, source, subject, alternative, type } = normalized(filters)
  return {
    source: source === undefined ? undefined : shared(source), // first what matching compares, side by side in memory
    subject,
    alternative,
    type: type === undefined ? undefined : shared(type),
    /** Epoch milliseconds. */
    validated: validated === undefined ? undefined : Date.parse(validated),
    number,
    id,
    consumer: shared(consumer),
    resource: shared(resource),
    endpoint,
    secrets,
    circuit,
    /** Epoch seconds of the version that was read. */
    version,
  }
}
