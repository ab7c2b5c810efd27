import type { EventUsage } from './usage.ts'

// List prices in USD of a cheap region (East US 2) in 2026. Norway East and West Europe cost up to a third more. The
// pricing calculator has the current ones: https://azure.microsoft.com/pricing/calculator
const MILLION_UNITS = 0.25 // request units, serverless
const TEN_THOUSAND_REQUESTS = 0.004 // to queues, general purpose v2, locally redundant
const MILLION_EXECUTIONS = 0.4 // Flex Consumption, on demand
const GIGABYTE_SECOND = 0.000026 // the same
const GIGABYTE_OF_LOGS = 2.76 // Log Analytics, pay as you go

const MILLION = 1_000_000
const INSTANCE_GIGABYTES = 2
const SINGLE_RUN_SECONDS = 1 // a run alone on its instance is billed for at least a second
const BUSY_SECONDS = 0.02 // of an instance that 50 concurrent runs share
const REQUESTS_A_MESSAGE = 3
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
export function priceOf({ subscribers, charge, messages }: EventUsage): Price {
  const runs = (1 + messages) * MILLION // the request, and one per message
  const seconds = runs * INSTANCE_GIGABYTES * GIGABYTE_SECOND
  return {
    subscribers,
    units: charge * MILLION_UNITS,
    requests: (messages * REQUESTS_A_MESSAGE * MILLION * TEN_THOUSAND_REQUESTS) / 10_000,
    executions: (runs / MILLION) * MILLION_EXECUTIONS,
    single: seconds * SINGLE_RUN_SECONDS,
    busy: seconds * BUSY_SECONDS,
    logs: runs * ROWS_A_RUN * GIGABYTES_A_ROW * GIGABYTE_OF_LOGS,
  }
}

/** Returns the gigabytes that an event adds to the log. */
export const logGigabytes = ({ messages }: EventUsage): number =>
  (1 + messages) * ROWS_A_RUN * GIGABYTES_A_ROW
