import type { EventUsage } from './usage.ts'

/** Azure's published limits; docs/capacity.md has the sources. */
const QUEUE_MESSAGES = 2000 // per second, of 1 KiB
const STORAGE_REQUESTS = 20_000 // per second and account
const REQUESTS_A_MESSAGE = 3 // put, get and delete; a get returns up to 32 messages, but at least one
const SERVERLESS_UNITS = 5000 // per second, of a container's first physical partition
const PARTITION_UNITS = 10_000 // per second, of a physical partition with provisioned throughput

/** The shared throughputs in RU/s: that of prod.bicepparam, and ten times as much. */
const SHARED_UNITS = [4000, 40_000]

/** A part of the system, the events per second that it can handle, and how to raise that limit. */
export interface Ceiling {
  part: string
  remedy: string
  /** By number of subscribers, in the order of the usages; Infinity when the part has no work. */
  perSecond: number[]
}

/** Returns the limit of each part, from the cost of an event. The parts of a capacity mode begin with `Cosmos DB`. */
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
    ceiling('queue `events-inbound`', '`inboundQueues`, 2,000 for each', () => QUEUE_MESSAGES),
    ceiling(
      'storage account',
      'a second account, by `QueueStorage__queueServiceUri`',
      ({ messages }) => STORAGE_REQUESTS / REQUESTS_A_MESSAGE / messages,
    ),
  ]
}
