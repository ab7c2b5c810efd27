import type { Database } from '@azure/cosmos'
import { createByteLimit } from '../byte-limit.ts'
import { patchIfMatch } from '../azure/conditional-write.ts'
import { createDocument } from '../azure/create.ts'
import {
  queryAll,
  queryCrossPartition,
  queryUntil,
  readDocument,
  type Stored,
} from '../azure/documents.ts'
import { MAX_EVENT_BYTES } from '../setting-bounds.ts'
import { fromStored, toStored, type EventDocument, type EventReference } from './event-document.ts'
import { eventsIn } from './event-scope.ts'

/** What the sweep needs to know of an event. */
export type OverdueEvent = Stored<
  Pick<EventDocument, 'id' | 'resource' | 'subject' | 'traceparent' | 'redrives'>
>

const OVERDUE = `SELECT TOP 1000 c.id, c.resource, c.subject, c.traceparent, c.redrives, c._etag, c._ts
  FROM c WHERE c.pending <= @now ORDER BY c.pending`
const OF_RESOURCE = `SELECT TOP @max * FROM c
  WHERE c.resource = @resource AND c.id > @after AND c.id < @until ORDER BY c.resource, c.id`
const NEWEST = `SELECT TOP @max * FROM c WHERE c.resource = @resource ORDER BY c.resource DESC, c.id DESC`
const BY_ID = `SELECT TOP 1 * FROM c WHERE c.resource = @resource AND c.id = @id ORDER BY c.resource, c.id`
const BY_EVENT_ID = `SELECT TOP 100 c.id, c.late, c.copyOf, c.duplicateOf FROM c
  WHERE c.resource = @resource AND c.eventId = @event ORDER BY c.resource, c.eventId, c.id`
const BEFORE = `SELECT TOP @max c.id, c.alternative, c.fanOut, c.copyOf, c.duplicateOf, c.event.type, c.event.source
  FROM c WHERE c.resource = @resource AND c.subject = @subject AND c.id > @after AND c.id < @before
  ORDER BY c.subject DESC, c.id DESC`
const NEWEST_IDS = `SELECT TOP @max c.id, c.copyOf, c.duplicateOf FROM c
  WHERE c.resource = @resource AND c.id > @after ORDER BY c.resource DESC, c.id DESC`
const SUMMARIES = `SELECT TOP @max c.id, c.copyOf, c.duplicateOf,
  { "id": c.event.id, "type": c.event.type, "subject": c.event.subject, "source": c.event.source, "time": c.event.time } AS event
  FROM c WHERE c.resource = @resource ORDER BY c.resource DESC, c.id DESC`
const NEXT_RESOURCE = `SELECT TOP 1 VALUE c.resource FROM c
  WHERE c.resource > @after AND c.resource < @end ORDER BY c.resource, c.id`
const PENDING = 'SELECT TOP 100 VALUE c.id FROM c WHERE c.pending > 0 ORDER BY c.pending'

// Of events whose size is not known before: a read has its bytes twice, as they came and as text, before it is parsed.
const MAX_READ_BYTES = 16_000_000

const BATCH = 10 // the SDK gives none before it has them all: 10 MB at most, where 100 would be 100 MB in 25 round trips

/** What tells whether a subscription gets an event. */
export type EarlierEvent = Pick<
  EventDocument,
  'id' | 'alternative' | 'fanOut' | 'copyOf' | 'duplicateOf'
> &
  Pick<EventDocument['event'], 'type' | 'source'>

/** What an event is about, without its data. */
export type EventSummary = Pick<EventDocument, 'id' | 'copyOf' | 'duplicateOf'> & {
  event: Pick<EventDocument['event'], 'id' | 'type' | 'subject' | 'source' | 'time'>
}

/** The events: the truth that queues only hint at. */
export function openEventStore(database: Database) {
  const container = database.container('events')
  const reads = createByteLimit(MAX_READ_BYTES)
  const limited = async <R>(call: () => Promise<R>): Promise<R> => {
    const release = await reads.acquire(MAX_EVENT_BYTES)
    return call().finally(release)
  }
  const keyOf = ({ resource, subject }: { resource: string; subject: string }) => [
    resource,
    subject,
  ]
  return {
    add: (document: EventDocument) => createDocument(container, toStored(document)),

    /** Returns the event of a reference, or undefined when it is not visible (yet). */
    async find(reference: EventReference): Promise<Stored<EventDocument> | undefined> {
      const { event: id, session } = reference
      const key = keyOf(reference)
      const stored = await readDocument<EventDocument>(container, id, key, session, limited)
      return stored && fromStored(stored)
    },

    /** Notes that an event is fanned out to `count` subscribers; `changed` where another copy of the work was first. */
    markFannedOut: (event: Stored<EventDocument>, count: number, at: string) =>
      patchIfMatch(container, event, keyOf(event), [
        { op: 'remove', path: '/pending' },
        { op: 'set', path: '/fanOut', value: { count, at } },
      ]),

    /** Returns at most 1,000 events whose fan-out is overdue, the longest overdue first. */
    overdue: (nowSeconds: number) =>
      queryCrossPartition<OverdueEvent>(container, OVERDUE, { '@now': nowSeconds }),

    /**
     * Claims an overdue event until an epoch second. Returns `changed` when another sweep did, or when its fan-out has
     * ended.
     */
    claim: (event: OverdueEvent, until: number) =>
      patchIfMatch(container, event, keyOf(event), [
        { op: 'set', path: '/pending', value: until },
        { op: 'set', path: '/redrives', value: (event.redrives ?? 0) + 1 },
      ]),

    /**
     * Passes at most `max` events of a resource between two ids or bounds to `take`, in order of id, until it returns
     * false.
     */
    ofResource: (
      resource: string,
      { after, until, max }: { after: string; until: string; max: number },
      take: (document: EventDocument) => boolean,
    ) =>
      queryUntil<EventDocument>(
        container,
        OF_RESOURCE,
        { '@resource': resource, '@after': after, '@until': until, '@max': max },
        BATCH,
        (stored) => take(fromStored(stored)),
      ),

    /** Passes at most `max` events of a resource to `take`, the newest first, until it returns false. */
    newest: (resource: string, max: number, take: (document: EventDocument) => boolean) =>
      queryUntil<EventDocument>(
        container,
        NEWEST,
        { '@resource': resource, '@max': max },
        BATCH,
        (stored) => take(fromStored(stored)),
      ),

    in: eventsIn(container),

    /** Returns the event of a resource by its document's id, or undefined. */
    async ofId(resource: string, id: string): Promise<EventDocument | undefined> {
      const parameters = { '@resource': resource, '@id': id }
      const [stored] = await queryAll<EventDocument>(container, BY_ID, parameters)
      return stored && fromStored(stored)
    },

    /** Returns the last events of a resource and subject between two ids or bounds, the newest first. */
    before: (
      { resource, subject }: { resource: string; subject: string },
      { after, before, max }: { after: string; before: string; max: number },
    ) =>
      queryAll<EarlierEvent>(container, BEFORE, {
        '@resource': resource,
        '@subject': subject,
        '@after': after,
        '@before': before,
        '@max': max,
      }),

    /** Returns the first resource with an event between two names, or undefined. */
    async nextResource(after: string, end: string): Promise<string | undefined> {
      const [next] = await queryCrossPartition<string>(container, NEXT_RESOURCE, {
        '@after': after,
        '@end': end,
      })
      return next
    },

    /** Returns the ids of a resource's events after an id or bound, the newest first. */
    newestIds: (resource: string, after: string, max: number) =>
      queryAll<Omit<EventSummary, 'event'>>(container, NEWEST_IDS, {
        '@resource': resource,
        '@after': after,
        '@max': max,
      }),

    /** Returns what the newest events of a resource are about. */
    summaries: (resource: string, max: number) =>
      queryAll<EventSummary>(container, SUMMARIES, { '@resource': resource, '@max': max }),

    /** Returns the documents of a resource's generic events with the publisher's id `event`, the oldest first. */
    withEventId: (resource: string, event: string) =>
      queryAll<Pick<EventDocument, 'id' | 'late' | 'copyOf' | 'duplicateOf'>>(
        container,
        BY_EVENT_ID,
        {
          '@resource': resource,
          '@event': event,
        },
      ),

    /**
     * Notes that an event, or the copy of one, repeats another, so that nobody gets it. Returns `changed` when the document
     * has changed since it was read.
     */
    markDuplicate: (event: Stored<EventDocument>, original: string) =>
      patchIfMatch(container, event, keyOf(event), [
        ...(event.pending === undefined ? [] : [{ op: 'remove' as const, path: '/pending' }]),
        { op: 'set', path: '/duplicateOf', value: original },
      ]),

    /**
     * Gives a late event another id for its copy. Returns `changed` when the document has changed since it was read.
     */
    moveCopy: (event: Stored<EventDocument>, late: string) =>
      patchIfMatch(container, event, keyOf(event), [{ op: 'set', path: '/late', value: late }]),

    /** Returns the ids of at most 100 events that are not fanned out, those due first. */
    pending: () => queryCrossPartition<string>(container, PENDING),
  }
}
