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
    defaultTtlSeconds: 90 * DAY,
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
    indexedPaths: ['/number/?', '/_ts/?', '/wake/?'],
    compositeIndexes: [],
  },
  {
    id: 'deliveries',
    partitionKeyPaths: ['/subscription', '/id'],
    defaultTtlSeconds: 90 * DAY,
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

/** The queues that functions listen to; each has a poison queue, `{name}-poison`. */
export const queues = [
  'events-inbound',
  'events-retry',
  'drains',
  'subscription-validation',
  'replays',
]
