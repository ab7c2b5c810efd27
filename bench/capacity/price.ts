import { limits, prices } from './azure.ts'
import type { EventUsage } from './usage.ts'

const MILLION = 1_000_000
const INSTANCE_GIGABYTES = 2
const SINGLE_RUN_SECONDS = 1 // a run alone on its instance is billed for at least a second
export const BUSY_SECONDS = 0.02 // of an instance that 50 concurrent runs share
const ROWS_A_RUN = 4 // the host's request and its two traces, and the app's own line
const GIGABYTES_A_ROW = 1e-6

/** The price of a million events, in USD. */
export interface Price {
  subscribers: number
  units: number
  requests: number
  executions: number
  /** Of instances: with each run alone on its instance, and with busy instances. */
  single: number
  busy: number
  logs: number
}

/** Returns the price of a million events with so many subscribers each. */
export function priceOf({
  subscribers,
  charge,
  messages,
}: Pick<EventUsage, 'subscribers' | 'charge' | 'messages'>): Price {
  const runs = (1 + messages) * MILLION // the request, and one per message
  const seconds = runs * INSTANCE_GIGABYTES * prices.gigabyteSecond
  return {
    subscribers,
    units: charge * prices.millionUnits,
    requests: (messages * limits.requestsAMessage * MILLION * prices.tenThousandRequests) / 10_000,
    executions: (runs / MILLION) * prices.millionExecutions,
    single: seconds * SINGLE_RUN_SECONDS,
    busy: seconds * BUSY_SECONDS,
    logs: runs * ROWS_A_RUN * GIGABYTES_A_ROW * prices.gigabyteOfLogs,
  }
}

/** Returns the gigabytes that an event adds to the log. */
export const logGigabytes = ({ messages }: Pick<EventUsage, 'messages'>): number =>
  (1 + messages) * ROWS_A_RUN * GIGABYTES_A_ROW
