import { table } from '../support/markdown.ts'
import type { Measured } from './database.ts'
import { figure } from './figure.ts'
import { planFor, type Plan } from './plan.ts'

const SUBSCRIBERS = [1, 3, 10]
const RETENTION_DAYS = 7 // the default
export const RATES = [10, 100, 1000, 10_000]

/** Returns the plan of each rate with so many subscribers. */
export const plansOf = (measured: Measured, subscribers: number): Plan[] =>
  RATES.map((events) => planFor({ events, subscribers, retentionDays: RETENTION_DAYS }, measured))

/** Returns the part of docs/capacity.md that says what each rate asks for, in Markdown. */
export function growthPart(measured: Measured): string {
  const { eventBytes, deliveryBytes } = measured
  return [
    'With events day and night at the same rate, once as much expires as comes. `npm run capacity -- --events 100 --subscribers 3` answers for other rates.',
    planTable(SUBSCRIBERS.flatMap((subscribers) => plansOf(measured, subscribers))),
    '### Growth',
    `An event is stored in ${figure(eventBytes)} bytes for 90 days, a delivery in ${figure(deliveryBytes)} bytes for ${RETENTION_DAYS} days (\`DELIVERED_RETENTION_DAYS\`).`,
    growthTable(
      SUBSCRIBERS.flatMap((subscribers) => plansOf(measured, subscribers)),
      measured,
    ),
  ].join('\n\n')
}

function planTable(plans: Plan[]): string {
  const rows = plans.map(({ load, database, parameters, month, ceilings }) => [
    figure(load.events),
    String(load.subscribers),
    database.mode === 'serverless' ? 'serverless' : `autoscale, ${database.maxUnits / 1000}`,
    String(parameters.inboundQueues),
    String(parameters.maximumInstanceCount),
    figure(month.all - month.logs),
    figure(month.logs),
    ...ceilings
      .filter(({ isOfOneApp }) => !isOfOneApp)
      .slice(0, 1)
      .map(({ part, perSecond }) => `${part}: ${figure(perSecond)}`),
  ])
  return table([
    [
      'Events a second',
      'Subscribers',
      '`cosmosCapacity`, thousand RU/s',
      '`inboundQueues`',
      '`maximumInstanceCount`',
      'USD a month',
      'and logs',
      'What breaks first, at events a second',
    ],
    ...rows,
  ])
}

function growthTable(plans: Plan[], { eventUnits }: Measured): string {
  const rows = plans.map(({ load, database }) => [
    figure(load.events),
    String(load.subscribers),
    figure(database.units),
    figure(database.gigabytes),
    figure(database.gigabytes * 10),
    `${figure(database.partitions.events)} + ${figure(database.partitions.deliveries)}`,
    figure(database.unitsOfPartition),
    figure(database.unitsOfPartition / eventUnits),
  ])
  return table([
    [
      'Events a second',
      'Subscribers',
      'RU/s used',
      'GB stored',
      'RU/s that the storage forces',
      'Physical partitions, events + deliveries',
      'RU/s of each',
      'Events a second of an app within one',
    ],
    ...rows,
  ])
}
