import { limits } from './azure.ts'
import { HEADROOM, type DatabasePlan, type Load, type Measured } from './database.ts'
import { BUSY_SECONDS, logGigabytes } from './price.ts'

const DAY = 86_400

/** The parameters of infra/main.bicep that a load asks for, besides those of the database. */
export interface Parameters {
  inboundQueues: number
  storageAccounts: number
  maximumInstanceCount: number
  logDailyCapGb: number
}

export function parametersOf({ events }: Load, { messages }: Measured): Parameters {
  const requests = events * messages * limits.requestsAMessage
  return {
    inboundQueues: Math.max(1, Math.ceil((events * messages) / (limits.queueMessages * HEADROOM))),
    storageAccounts: Math.max(1, Math.ceil(requests / (limits.storageRequests * HEADROOM))),
    maximumInstanceCount: Math.max(100, Math.ceil((events * BUSY_SECONDS) / HEADROOM)),
    logDailyCapGb: Math.max(1, Math.ceil(events * DAY * logGigabytes({ messages }))),
  }
}

/** A part that the events pass, and how many a second it takes. */
export interface Ceiling {
  part: string
  perSecond: number
  lever: string
  /** Whether it bounds one app, and not all together. */
  isOfOneApp?: true
}

/** Returns what breaks first, second and so on, with these parameters. */
export function ceilingsUnder(
  load: Load,
  measured: Measured,
  database: DatabasePlan,
  parameters: Parameters,
): Ceiling[] {
  const { eventUnits, deliveryUnits, messages } = measured
  const { subscribers } = load
  const isServerless = database.mode === 'serverless'
  const busiest = Math.max(eventUnits, deliveryUnits * subscribers)
  const ceilings: Ceiling[] = [
    {
      part: isServerless ? 'Cosmos DB: the busiest container' : 'Cosmos DB: all request units',
      perSecond:
        database.maxUnits / (isServerless ? busiest : eventUnits + deliveryUnits * subscribers),
      lever: isServerless ? 'cosmosCapacity' : 'cosmosMaxThousandRequestUnits',
    },
    {
      part: 'Cosmos DB: one physical partition, where the events of an app begin',
      perSecond: database.unitsOfPartition / eventUnits,
      lever: 'more RU/s; an app that grows is spread over more of them',
      isOfOneApp: true,
    },
    {
      part: `queues of inbound events (${parameters.inboundQueues})`,
      perSecond: (parameters.inboundQueues * limits.queueMessages) / messages,
      lever: 'inboundQueues, at most 32',
    },
    {
      part: `storage accounts (${parameters.storageAccounts})`,
      perSecond:
        (parameters.storageAccounts * limits.storageRequests) / limits.requestsAMessage / messages,
      lever: 'a second deployment beside this one, split by app owner',
    },
    {
      part: `instances of a group of functions (${parameters.maximumInstanceCount})`,
      perSecond: parameters.maximumInstanceCount / BUSY_SECONDS,
      lever: `maximumInstanceCount, at most ${limits.instances}`,
    },
  ]
  return ceilings.toSorted((one, other) => one.perSecond - other.perSecond)
}
