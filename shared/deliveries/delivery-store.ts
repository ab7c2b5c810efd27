import type { Database } from '@azure/cosmos'
import { patchIfMatch, replaceIfMatch } from '../azure/conditional-write.ts'
import { createDocument } from '../azure/create.ts'
import { queryAll, queryCrossPartition, readDocument, type Stored } from '../azure/documents.ts'
import { nowSeconds, type Clock } from '../clock.ts'
import type { DeliveryDocument } from './delivery.ts'
import { timeToLive, type Kept } from './retention.ts'

const OVERDUE = `SELECT TOP 1000 c.id, c.subscription, c.resource, c.subject, c.state, c.run, c.attempt, c.redrives,
  c.traceparent, c._etag, c._ts FROM c WHERE c.due <= @now ORDER BY c.due`
const OLDEST = 'SELECT TOP 1 VALUE c.due FROM c WHERE c.due > 0 ORDER BY c.due'
const DEAD_SINCE = `SELECT TOP 1000 VALUE c.deadAt FROM c WHERE c.deadAt >= @since ORDER BY c.deadAt DESC`
const PAGE = `SELECT TOP @count * FROM c
  WHERE c.subscription = @subscription AND c.state = @state AND c.id > @after
  ORDER BY c.subscription, c.state, c.id`
const NEWEST = `SELECT TOP @count * FROM c
  WHERE c.subscription = @subscription AND c.state = @state AND c.id < @before
  ORDER BY c.subscription DESC, c.state DESC, c.id DESC`
const OUTCOMES = `SELECT TOP @count c.id, c.state, ARRAY(SELECT VALUE a.ms FROM a IN c.attempts) AS ms FROM c
  WHERE c.subscription = @subscription AND c.state = @state AND c.id > @after AND c.id < @before
  ORDER BY c.subscription DESC, c.state DESC, c.id DESC`
const COUNTED = `SELECT TOP @count c.id FROM c WHERE c.subscription = @subscription AND c.state = @state
  ORDER BY c.subscription, c.state, c.id`

const IDS = `SELECT TOP @max VALUE c.id FROM c
  WHERE c.subscription = @subscription AND c.state = @state AND c.id > @after AND c.id < @until
  ORDER BY c.subscription, c.state, c.id`

/** What the sweep needs to know of a delivery: its attempts may be 50, with their answers. */
export type OverdueDelivery = Stored<
  Pick<
    DeliveryDocument,
    | 'id'
    | 'subscription'
    | 'resource'
    | 'subject'
    | 'state'
    | 'run'
    | 'attempt'
    | 'redrives'
    | 'traceparent'
  >
>

/** What statistics need of a delivery: `ms` has how long each attempt took. */
export type DeliveryOutcome = Pick<DeliveryDocument, 'id' | 'state'> & { ms: number[] }

/** Opens the store of deliveries, by subscription. Every write says for how long the record is kept. */
export function openDeliveryStore(
  database: Database,
  clock: Pick<Clock, 'now'>,
  retentionSeconds: number,
) {
  const container = database.container('deliveries')
  const withTtl = <T extends Kept>(document: T) => ({
    ...document,
    ttl: timeToLive(document, retentionSeconds, nowSeconds(clock)),
  })
  return {
    add: (document: DeliveryDocument) => createDocument(container, withTtl(document)),

    /** Returns a delivery, at least as new as the session token, or undefined when none is visible. */
    find: (subscription: string, event: string, session?: string) =>
      readDocument<DeliveryDocument>(container, event, [subscription, event], session),

    /** Replaces a record that is unchanged since it was read. */
    save: (delivery: Stored<DeliveryDocument>) =>
      replaceIfMatch(container, withTtl(delivery), [delivery.subscription, delivery.id]),

    /** Returns at most 1,000 deliveries whose `due` (epoch seconds) has passed, the earliest first. */
    overdue: (now: number) =>
      queryCrossPartition<OverdueDelivery>(container, OVERDUE, { '@now': now }),

    /** Claims an overdue delivery until an epoch second. Returns `changed` when it has moved on, or another sweep claimed it. */
    claim: (delivery: OverdueDelivery, due: number) =>
      patchIfMatch(
        container,
        delivery,
        [delivery.subscription, delivery.id],
        [
          { op: 'set', path: '/due', value: due },
          { op: 'set', path: '/redrives', value: (delivery.redrives ?? 0) + 1 },
          { op: 'set', path: '/ttl', value: withTtl({ ...delivery, due }).ttl },
        ],
      ),

    /** Returns one subscription's deliveries in a state, oldest event first, after the event `after`. */
    page: (subscription: string, state: DeliveryDocument['state'], after: string, count: number) =>
      queryAll<Stored<DeliveryDocument>>(container, PAGE, {
        '@subscription': subscription,
        '@state': state,
        '@after': after,
        '@count': count,
      }),

    /** Returns one subscription's deliveries in a state, newest event first, before the event or bound `before`. */
    newest: (
      subscription: string,
      state: DeliveryDocument['state'],
      before: string,
      count: number,
    ) =>
      queryAll<Stored<DeliveryDocument>>(container, NEWEST, {
        '@subscription': subscription,
        '@state': state,
        '@before': before,
        '@count': count,
      }),

    /** Returns the newest of one subscription's deliveries in a state, between two bounds of events, newest first. */
    outcomes: (
      subscription: string,
      state: DeliveryDocument['state'],
      { after, before, max }: { after: string; before: string; max: number },
    ) =>
      queryAll<DeliveryOutcome>(container, OUTCOMES, {
        '@subscription': subscription,
        '@state': state,
        '@after': after,
        '@before': before,
        '@count': max,
      }),

    /** Counts one subscription's deliveries in a state, up to `max`. */
    async count(subscription: string, state: DeliveryDocument['state'], max: number) {
      const parameters = { '@subscription': subscription, '@state': state, '@count': max }
      return (await queryAll<object>(container, COUNTED, parameters)).length
    },

    /** Returns the ids of one subscription's deliveries in a state between two ids or bounds, the oldest first. */
    ids: (
      subscription: string,
      state: DeliveryDocument['state'],
      { after, until, max }: { after: string; until: string; max: number },
    ) =>
      queryAll<string>(container, IDS, {
        '@subscription': subscription,
        '@state': state,
        '@after': after,
        '@until': until,
        '@max': max,
      }),

    /** Returns the earliest `due` in epoch seconds, or undefined when no delivery waits. */
    async oldestDue(): Promise<number | undefined> {
      const [oldest] = await queryCrossPartition<number>(container, OLDEST)
      return oldest
    },

    /** Counts the deliveries that died since an epoch second, up to 1,000. */
    async deadSince(since: number): Promise<number> {
      return (await queryCrossPartition<number>(container, DEAD_SINCE, { '@since': since })).length
    },
  }
}
