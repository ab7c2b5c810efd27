import type { EventDocument } from '../../shared/events/event-document.ts'
import type { openEventStore } from '../../shared/events/event-store.ts'
import type { Connection } from './connection.ts'
import { ascending, compareText, top } from './select.ts'

interface Key {
  id: string
  resource: string
  subject: string
}

/** The event store over a simulated container. */
export function simulatedEventStore(
  connection: Connection<EventDocument>,
): ReturnType<typeof openEventStore> {
  return {
    add: (document) => connection.create(eventKey(document), partitionOf(document), document),
    find: (reference) =>
      connection.read(
        eventKey({ ...reference, id: reference.event }),
        partitionOf(reference),
        reference.session,
      ),
    markFannedOut: (event, count, at) =>
      connection.patch(
        eventKey(event),
        partitionOf(event),
        event._etag,
        ({ pending: _pending, ...current }) => ({ ...current, fanOut: { count, at } }),
      ),
    overdue: (nowSeconds) =>
      connection.query('overdue events', (all) =>
        top(1000, all, ({ pending = Infinity }) => pending <= nowSeconds, ascending('pending')),
      ),
    claim: (event, until) =>
      connection.patch(eventKey(event), partitionOf(event), event._etag, (current) => ({
        ...current,
        pending: until,
        redrives: (event.redrives ?? 0) + 1,
      })),
    async ofResource(resource, { after, until, max }, take) {
      const found = await connection.query(`events of ${resource}`, (all) =>
        top(
          max,
          all,
          (each) => each.resource === resource && each.id > after && each.id < until,
          (a, b) => compareText(a.id, b.id),
        ),
      )
      return lastTaken(found, take)
    },
    async newest(resource, max, take) {
      const found = await connection.query(`newest events of ${resource}`, (all) =>
        top(
          max,
          all,
          (each) => each.resource === resource,
          (a, b) => compareText(b.id, a.id),
        ),
      )
      return lastTaken(found, take)
    },
    async in(scope, { after, until, max }, take) {
      const found = await connection.query('events in a scope', (all) =>
        top(
          max,
          all,
          (each) =>
            (scope.resource ?? each.resource) === each.resource &&
            (scope.subject ?? each.subject) === each.subject &&
            (scope.alternative ?? each.alternative) === each.alternative &&
            each.id > after &&
            each.id < until,
          (a, b) => compareText(a.id, b.id),
        ),
      )
      return lastTaken(found, take)
    },
    ofId: async (resource, id) => {
      const [found] = await connection.query(`event ${id}`, (all) =>
        top(
          1,
          all,
          (each) => each.resource === resource && each.id === id,
          () => 0,
        ),
      )
      return found
    },
    before: ({ resource, subject }, { after, before, max }) =>
      connection.query(`events before ${before}`, (all) =>
        top(
          max,
          all,
          (each) =>
            each.resource === resource &&
            each.subject === subject &&
            each.id > after &&
            each.id < before,
          (a, b) => compareText(b.id, a.id),
        ).map(({ id, alternative, fanOut, copyOf, duplicateOf, event: { type, source } }) => ({
          id,
          ...(fanOut !== undefined && { fanOut }),
          ...(alternative !== undefined && { alternative }),
          ...(copyOf !== undefined && { copyOf }),
          ...(duplicateOf !== undefined && { duplicateOf }),
          type,
          source,
        })),
      ),
    nextResource: async (after, end) => {
      const [next] = await connection.query(`resources after ${after}`, (all) =>
        top(
          1,
          all,
          ({ resource }) => resource > after && resource < end,
          (a, b) => compareText(a.resource, b.resource),
        ),
      )
      return next?.resource
    },
    newestIds: (resource, after, max) =>
      connection.query(`newest ids of ${resource}`, (all) =>
        top(
          max,
          all,
          (each) => each.resource === resource && each.id > after,
          (a, b) => compareText(b.id, a.id),
        ),
      ),
    summaries: (resource, max) =>
      connection.query(`newest events of ${resource}`, (all) =>
        top(
          max,
          all,
          (each) => each.resource === resource,
          (a, b) => compareText(b.id, a.id),
        ),
      ),
    withEventId: (resource, eventId) =>
      connection.query(`events ${eventId}`, (all) =>
        top(
          100,
          all,
          (each) => each.resource === resource && each.eventId === eventId,
          (a, b) => compareText(a.id, b.id),
        ),
      ),
    markDuplicate: (event, duplicateOf) =>
      connection.patch(
        eventKey(event),
        partitionOf(event),
        event._etag,
        ({ pending: _pending, ...current }) => ({ ...current, duplicateOf }),
      ),
    moveCopy: (event, late) =>
      connection.patch(eventKey(event), partitionOf(event), event._etag, (current) => ({
        ...current,
        late,
      })),
    pending: () =>
      connection.query('pending events', (all) =>
        top(100, all, ({ pending = 0 }) => pending > 0, ascending('pending')).map(({ id }) => id),
      ),
  }
}

/** Returns the key of an event in its container. */
export const eventKey = ({ id, resource, subject }: Key): string => `${resource}${subject}/${id}`
const partitionOf = ({ resource, subject }: Omit<Key, 'id'>): string => `${resource}${subject}`

/** Passes items to `take` until it returns false. Returns the last item that it got. */
function lastTaken<T>(items: T[], take: (item: T) => boolean): T | undefined {
  for (const item of items) if (!take(item)) return item
  return items.at(-1)
}
