import { limits, prices } from './azure.ts'
import type { DatabasePlan, Load, Measured } from './database.ts'
import { priceOf } from './price.ts'

const HOURS = 730
const SECONDS = HOURS * 3600
const MILLION = 1_000_000

/** What a month costs in USD, without what infra/README.md counts as fixed. */
export interface Month {
  database: number
  storage: number
  queues: number
  functions: number
  logs: number
  all: number
}

/** Returns the price of a month under a load, day and night. */
export function monthOf(load: Load, measured: Measured, plan: DatabasePlan): Month {
  const { events, subscribers } = load
  const charge = plan.units / events
  const each = priceOf({ subscribers, charge, messages: measured.messages })
  const millions = (events * SECONDS) / MILLION
  const parts = {
    database: databaseOf(plan),
    storage: plan.gigabytes * prices.gigabyteMonth,
    queues: millions * each.requests,
    functions: millions * (each.executions + each.busy),
    logs: millions * each.logs,
  }
  return { ...parts, all: Object.values(parts).reduce((sum, part) => sum + part, 0) }
}

const databaseOf = ({ mode, units, maxUnits }: DatabasePlan): number =>
  mode === 'serverless'
    ? ((units * SECONDS) / MILLION) * prices.millionUnits
    : (Math.max(units, maxUnits * limits.restingShare) / 100) * prices.hundredUnitsAnHour * HOURS
