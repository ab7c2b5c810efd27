import { limits } from './azure.ts'
import type { EventUsage } from './usage.ts'

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
      (usage) => limits.serverlessUnits / busiest(usage),
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
      (usage) => limits.partitionUnits / chargeIn('events')(usage),
    ),
    ceiling(
      'queue `events-inbound`',
      '`inboundQueues`, 2,000 for each',
      () => limits.queueMessages,
    ),
    ceiling(
      'storage account',
      'a second deployment, with an account of its own',
      ({ messages }) => limits.storageRequests / limits.requestsAMessage / messages,
    ),
  ]
}
