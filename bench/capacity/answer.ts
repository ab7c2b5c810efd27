// `npm run capacity -- --events 100 --subscribers 3`: which parameters a load asks for, what it costs, and what breaks first.
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { Load, Measured } from './database.ts'
import { figure } from './figure.ts'
import { planFor, type Plan } from './plan.ts'

const values = readOptions()

function readOptions() {
  try {
    return parseArgs({
      options: {
        events: { type: 'string' },
        subscribers: { type: 'string', default: '1' },
        retention: { type: 'string', default: '7' },
      },
    }).values
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
}

function fail(message: string): never {
  console.error(message)
  process.exit(2)
}

/** Returns an option as a number within its bounds. Ends the program, naming the option, when it is none. */
function numberOf(
  name: 'events' | 'subscribers' | 'retention',
  least: number,
  most: number,
): number {
  const value = Number(values[name] ?? NaN)
  if (value >= least && value <= most) return value
  return fail(`--${name} must be a number from ${least} to ${most}.`)
}

const MAX_LOG_CAP = 100 // of the parameter
const load: Load = {
  events: numberOf('events', 0.001, 100_000),
  subscribers: numberOf('subscribers', 0, 1000),
  retentionDays: numberOf('retention', 1, 90),
}
const measured: Measured = JSON.parse(
  await readFile(`${import.meta.dirname}/measured.json`, 'utf8'),
)
console.log(answer(planFor(load, measured)))

function answer({ database, month, parameters, ceilings, instead }: Plan): string {
  const { mode, maxUnits, units, gigabytes, partitions } = database
  const hasMaximum = mode === 'autoscale'
  return [
    `${load.events} events a second, day and night, with ${load.subscribers} subscribers each; delivered records kept ${load.retentionDays} days.`,
    'Nothing here was measured in Azure: docs/capacity.md says what is counted, published and assumed.',
    '',
    'Parameters (infra/README.md)',
    ...rows([
      ['cosmosCapacity', mode],
      ...(hasMaximum ? [['cosmosMaxThousandRequestUnits', String(maxUnits / 1000)]] : []),
      ['inboundQueues', String(parameters.inboundQueues)],
      ['maximumInstanceCount', String(parameters.maximumInstanceCount)],
      ['logDailyCapGb', logCap(parameters.logDailyCapGb)],
      ...(parameters.storageAccounts > 1
        ? [['deployments, each with an account', String(parameters.storageAccounts)]]
        : []),
    ]),
    '',
    'Use, once as much expires as comes',
    ...rows([
      ['request units', `${figure(units)} RU/s`],
      [
        'stored',
        `${figure(gigabytes)} GB in ${figure(partitions.events + partitions.deliveries)} physical partitions`,
      ],
      ['RU/s of each partition', figure(database.unitsOfPartition)],
    ]),
    '',
    'Cost of a month, USD',
    ...rows([
      ['Cosmos DB, request units', figure(month.database)],
      ['Cosmos DB, storage', figure(month.storage)],
      ['queues', figure(month.queues)],
      ['functions', figure(month.functions)],
      ['logs', figure(month.logs)],
      ['logs, without the host’s traces', figure(month.logs / 2)],
      ['in all', figure(month.all)],
      [
        `with ${instead.database.mode} instead`,
        instead.database.misfit ?? figure(instead.month.all),
      ],
    ]),
    '',
    'What breaks first, in events a second',
    ...rows(ceilings.map(({ part, perSecond, lever }) => [figure(perSecond), `${part}: ${lever}`])),
  ].join('\n')
}

function logCap(gigabytes: number): string {
  if (gigabytes <= MAX_LOG_CAP) return String(gigabytes)
  return `${gigabytes}, of at most ${MAX_LOG_CAP}: sample the log, or keep less of it (docs/capacity.md)`
}

function rows(cells: string[][]): string[] {
  const width = Math.max(...cells.map(([first = '']) => first.length))
  return cells.map(([first = '', second]) => `  ${first.padEnd(width)}  ${second}`)
}
