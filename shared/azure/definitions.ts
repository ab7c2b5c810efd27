import { EVENT_RETENTION_DAYS, MAX_INBOUND_QUEUES } from '../setting-bounds.ts'

const DAY = 86_400

/** What Azure needs to know of a container, in the form of the data plane. The root path is indexed nowhere. */
export interface ContainerDefinition {
  id: string
  partitionKeyPaths: string[]
  defaultTtlSeconds: number
  indexedPaths: string[]
  compositeIndexes: string[][]
}

/** The containers of the database: created by the infrastructure (in Azure) or by the local stack, never by a function. */
export const containers: ContainerDefinition[] = [
  {
    id: 'events',
    partitionKeyPaths: ['/resource', '/subject'],
    defaultTtlSeconds: EVENT_RETENTION_DAYS * DAY,
    indexedPaths: ['/pending/?'],
    compositeIndexes: [
      ['/resource', '/id'],
      ['/subject', '/id'],
      ['/alternative', '/id'],
      ['/resource', '/eventId', '/id'],
    ],
  },
  {
    id: 'requests',
    partitionKeyPaths: ['/id'],
    defaultTtlSeconds: 2 * DAY,
    indexedPaths: [],
    compositeIndexes: [],
  },
  {
    id: 'subscriptions',
    partitionKeyPaths: ['/consumer'],
    defaultTtlSeconds: -1, // on, without a default: only tombstones have a time to live
    indexedPaths: ['/number/?', '/_ts/?', '/due/?'],
    compositeIndexes: [],
  },
  {
    id: 'deliveries',
    partitionKeyPaths: ['/subscription', '/id'],
    defaultTtlSeconds: EVENT_RETENTION_DAYS * DAY,
    indexedPaths: ['/due/?', '/deadAt/?'],
    compositeIndexes: [['/subscription', '/state', '/id']],
  },
  {
    id: 'replays',
    partitionKeyPaths: ['/subscription'],
    defaultTtlSeconds: 90 * DAY,
    indexedPaths: ['/due/?'],
    compositeIndexes: [],
  },
  {
    id: 'poison',
    partitionKeyPaths: ['/queue'],
    defaultTtlSeconds: 90 * DAY,
    indexedPaths: [],
    compositeIndexes: [],
  },
]

/**
 * Returns the names of the queues that events are spread over. The first is the same whatever their number: what is in it is
 * never left behind.
 */
export const inboundQueues = (count: number): [string, ...string[]] => [
  'events-inbound',
  ...Array.from({ length: count - 1 }, (_, index) => `events-inbound-${index + 1}`),
]

/** Returns the names of the queues that functions listen to; each has a poison queue, `{name}-poison`. */
export const queueNames = (inbound: number): string[] => [
  ...inboundQueues(inbound),
  'events-retry',
  'drains',
  'subscription-validation',
  'replays',
]

/**
 * Returns the number of inbound queues in the environment, for what comes before the settings are read, as functions are
 * registered: 1 where it is wrong, since reading the settings then stops the start and names it.
 */
export function inboundCount(text = process.env['INBOUND_QUEUES']): number {
  const count = Number(text === undefined || text === '' ? 1 : text)
  return Number.isInteger(count) && count >= 1 && count <= MAX_INBOUND_QUEUES ? count : 1
}
