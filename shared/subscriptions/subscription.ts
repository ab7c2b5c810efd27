import { alternativeOf } from '../events/event-document.ts'
import { appOf } from '../events/source.ts'

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
  /** The validation that is under way; `due` in epoch seconds. */
  validation?: { attempt: number; due: number; source: string; failure?: string; failedAt?: string }
  /** The current one first, then older ones, each until a time: rotated secrets overlap. */
  secrets: { key: string; until?: string }[]
  disabled?: { reason: string; since: string; settled?: boolean }
  failingSince?: string
  /** Epoch seconds. Present means paused, whatever the time: only the sweep releases. */
  pausedUntil?: number
  pauses?: number
  /** How many deliveries the sweep has let out since the pause: 1, 10, 100. */
  released?: number
  /** The replay that was asked for last: one runs at a time. */
  replay?: string
}

/** What is left of a deleted subscription for a day, so that every index hears of it. */
export interface Tombstone {
  v: 1
  id: string
  consumer: string
  number: number
  deleted: true
  ttl: 86400
}

/** What the index reads of a subscription: neither secrets nor what only readers of the document need. */
export type IndexedSubscription = Pick<
  SubscriptionDocument,
  | 'id'
  | 'consumer'
  | 'number'
  | 'filters'
  | 'validated'
  | 'validation'
  | 'disabled'
  | 'pausedUntil'
  | 'released'
  | 'pauses'
>

/** Whether events go to it, at once or after its pause. */
export const isActive = ({
  validated,
  disabled,
}: Pick<SubscriptionDocument, 'validated' | 'disabled'>): boolean =>
  validated !== undefined && disabled === undefined

/** The resource of the app that a source filter names, in lower case as the original has it; undefined where it names none. */
export function resourceOfSource(source: string): string | undefined {
  const { org, app } = appOf(source)
  if (org === undefined || org === '' || app === undefined || app === '') return undefined
  return `urn:altinn:resource:app_${org}_${app}`.toLowerCase()
}

/**
 * Filters in the form that is compared with events: the resource in lower case, no slash at the end of the source, `/org/`
 * written `/organisation/` in the alternative subject.
 */
function normalized({ resource, source, alternative, ...others }: Filters): Filters {
  return {
    ...others,
    resource: resource.toLowerCase(),
    ...(source !== undefined && { source: source.replace(/\/+$/, '') }),
    ...(alternative !== undefined && {
      alternative: alternativeOf(alternative),
    }),
  }
}

/** Whether an event's source lies at or below a normalized source filter, by whole segments of the path. */
export function sourceMatches(filter: string, source: string): boolean {
  if (!source.startsWith(filter)) return false
  const next = source[filter.length]
  return next === undefined || next === '/' || next === '?' || next === '#'
}

/**
 * What fan-out, deliver and sweep need to know of a subscription without reading its document, and what matching compares.
 * Every member is there, with a value or not: objects of one shape are matched faster. `shared` gives one copy of a text.
 */
export function entryOf(
  { number, id, consumer, validated, validation, filters, ...others }: IndexedSubscription,
  version: number,
  shared: (text: string) => string,
) {
  const { pausedUntil, released, pauses, disabled } = others
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
    /** Epoch seconds at which the next validation event is due. */
    validationDue: validation?.due,
    /** Epoch seconds; paused where there is one. */
    pausedUntil,
    released,
    pauses,
    disabled,
    /** Epoch seconds of the version that was read. */
    version,
  }
}
