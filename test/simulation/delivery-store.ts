import type { openDeliveryStore } from '../../shared/deliveries/delivery-store.ts'
import { nowSeconds, type Clock } from '../../shared/clock.ts'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { timeToLive, type Kept } from '../../shared/deliveries/retention.ts'
import type { Connection } from './connection.ts'
import { ascending, compareText, top } from './select.ts'

interface Range {
  subscription: string
  state: DeliveryDocument['state']
  /** Both exclusive. */
  after?: string
  before?: string
}

/** Returns whether a delivery is one of a subscription in a state, between two events. */
const isIn =
  ({ subscription, state, after = '', before = LAST }: Range) =>
  (each: DeliveryDocument): boolean =>
    each.subscription === subscription &&
    each.state === state &&
    each.id > after &&
    each.id < before
const LAST = '~'
const byId = (a: DeliveryDocument, b: DeliveryDocument): number => compareText(a.id, b.id)
const byIdDescending = (a: DeliveryDocument, b: DeliveryDocument): number => byId(b, a)

/** The delivery store over a simulated container. */
export function simulatedDeliveryStore(
  connection: Connection<DeliveryDocument>,
  clock: Clock,
  retentionSeconds: number,
): ReturnType<typeof openDeliveryStore> {
  const withTtl = <T extends Kept>(document: T) => ({
    ...document,
    ttl: timeToLive(document, retentionSeconds, nowSeconds(clock)),
  })
  const keyOf = (subscription: string, event: string) => `${subscription}/${event}`
  return {
    add: (document) =>
      connection.create(
        keyOf(document.subscription, document.id),
        keyOf(document.subscription, document.id),
        withTtl(document),
      ),
    find: (subscription, event, session) =>
      connection.read(keyOf(subscription, event), keyOf(subscription, event), session),
    save: (delivery) =>
      connection.replace(
        keyOf(delivery.subscription, delivery.id),
        keyOf(delivery.subscription, delivery.id),
        withTtl(delivery),
      ),
    overdue: (now) =>
      connection.query('overdue deliveries', (all) =>
        top(1000, all, ({ due = Infinity }) => due <= now, ascending('due')),
      ),
    claim: (delivery, due) =>
      connection.patch(
        keyOf(delivery.subscription, delivery.id),
        keyOf(delivery.subscription, delivery.id),
        delivery._etag,
        (current) => withTtl({ ...current, due, redrives: (delivery.redrives ?? 0) + 1 }),
      ),
    page: (subscription, state, after, count) =>
      connection.query(`page of ${subscription} ${state}`, (all) =>
        top(count, all, isIn({ subscription, state, after }), byId),
      ),
    newest: (subscription, state, before, count) =>
      connection.query(`newest of ${subscription} ${state}`, (all) =>
        top(count, all, isIn({ subscription, state, before }), byIdDescending),
      ),
    outcomes: (subscription, state, { after, before, max }) =>
      connection.query(`outcomes of ${subscription} ${state}`, (all) =>
        top(max, all, isIn({ subscription, state, after, before }), byIdDescending).map(
          ({ id, state: found, attempts }) => ({
            id,
            state: found,
            ms: attempts.map(({ ms }) => ms),
          }),
        ),
      ),
    count: (subscription, state, max) =>
      connection.query(`count of ${subscription} ${state}`, (all) => {
        let count = 0
        for (const each of all)
          if (each.subscription === subscription && each.state === state) count++
        return Math.min(max, count)
      }),
    ids: (subscription, state, { after, until, max }) =>
      connection.query(`ids of ${subscription} ${state}`, (all) =>
        top(max, all, isIn({ subscription, state, after, before: until }), byId).map(
          ({ id }) => id,
        ),
      ),
    oldestDue: () =>
      connection.query('oldest due', (all) => {
        const [oldest] = top(1, all, ({ due = 0 }) => due > 0, ascending('due'))
        return oldest?.due
      }),
    deadSince: (since) =>
      connection.query('dead since', (all) => {
        let count = 0
        for (const { deadAt = 0 } of all) if (deadAt >= since) count++
        return Math.min(1000, count)
      }),
  }
}
