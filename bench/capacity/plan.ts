import {
  autoscalePlan,
  serverlessPlan,
  type DatabasePlan,
  type Load,
  type Measured,
} from './database.ts'
import { monthOf, type Month } from './monthly.ts'
import { ceilingsUnder, parametersOf, type Ceiling, type Parameters } from './parameters.ts'

/** What a load asks for, what it costs, and what breaks first. */
export interface Plan {
  load: Load
  database: DatabasePlan
  /** The other capacity mode, with its price. */
  instead: { database: DatabasePlan; month: Month }
  month: Month
  parameters: Parameters
  ceilings: Ceiling[]
}

/** Returns the plan for a load, with the cheaper database that fits. */
export function planFor(load: Load, measured: Measured): Plan {
  const databases = [serverlessPlan(load, measured), autoscalePlan(load, measured)]
  const priced = databases.map((database) => ({
    database,
    month: monthOf(load, measured, database),
  }))
  const [first, instead] = priced.toSorted(
    (one, other) =>
      Number(one.database.misfit !== undefined) - Number(other.database.misfit !== undefined) ||
      one.month.all - other.month.all,
  )
  if (first === undefined || instead === undefined) throw new Error('There is no capacity mode.')
  const parameters = parametersOf(load, measured)
  const ceilings = ceilingsUnder(load, measured, first.database, parameters)
  return { load, ...first, instead, parameters, ceilings }
}
