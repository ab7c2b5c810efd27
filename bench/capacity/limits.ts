import type { EventUsage } from './usage.ts'

/** Limits that Azure publishes; where, is in docs/capacity.md. */
const QUEUE_MESSAGES = 2000 // a second, of 1 KiB
const STORAGE_REQUESTS = 20_000 // a second, of an account
const REQUESTS_A_MESSAGE = 3 // put, get, delete: a get may bring up to 32, but need not
const SERVERLESS_UNITS = 5000 // a second, of a container's first physical partition
const PARTITION_UNITS = 10_000 // a second, of a physical partition with provisioned throughput

/** The shared throughput that is compared: prod.bicepparam's, and ten times as much. */
const SHARED_UNITS = [4000, 40_000]

/** A part of the system, how many events a second it takes, and what moves that limit. */
export interface Ceiling {
  part: string
  remedy: string
  /** By number of subscribers, in the order of the usages; Infinity where the part has no work. */
  perSecond: number[]
}

/** What each part takes, from what an event costs. Parts that only one of the capacity modes has are named so. */
export function ceilingsOf(usages: EventUsage[]): Ceiling[] {
  const ceiling = (part: string, remedy: string, of: (usage: EventUsage) => number): Ceiling => ({
    part,
    remedy,
    perSecond: usages.map(of),
  })
  const chargeIn = (container: string) => (usage: EventUsage) =>
    usage.containers.get(container)?.charge ?? 0
  const busiest = (usage: EventUsage) =>
    Math.max(chargeIn('events')(usage), chargeIn('deliveries')(usage))
  return [
    ceiling(
      'Cosmos DB, serverless: the busiest container',
      'autoscale',
      (usage) => SERVERLESS_UNITS / busiest(usage),
    ),
    ...SHARED_UNITS.map((units) =>
      ceiling(
        `Cosmos DB, autoscale of ${units.toLocaleString('en')} RU/s`,
        '`cosmosMaxThousandRequestUnits`',
        (usage) => units / usage.charge,
      ),
    ),
    ceiling(
      'one partition: events of one app',
      'more apps; Cosmos DB splits what has grown',
      (usage) => PARTITION_UNITS / chargeIn('events')(usage),
    ),
    ceiling('queue `events-inbound`', 'sharded queues (not built)', () => QUEUE_MESSAGES),
    ceiling(
      'storage account',
      'a second account, by `QueueStorage__queueServiceUri`',
      ({ messages }) => STORAGE_REQUESTS / REQUESTS_A_MESSAGE / messages,
    ),
  ]
}
