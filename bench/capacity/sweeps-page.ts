import { CROSS_PARTITION_BATCH } from '../../shared/azure/documents.ts'
import { table } from '../support/markdown.ts'
import type { Measured } from './database.ts'
import { figure } from './figure.ts'
import { costAtRest, mostCost, type SpreadQuery } from './sweeps.ts'

const PARTITIONS = [10, 170, 1700]
const PAGES = 5 // of a run

interface Row extends SpreadQuery {
  name: string
  /** The batch and TOP before. */
  before: { top: number; batch: number }
}

/** A query that is bounded today, and how many it asked for before. */
const row = (name: string, top: number, bytes: number, topBefore: number): Row => ({
  name,
  top,
  batch: CROSS_PARTITION_BATCH,
  bytes,
  before: { top: topBefore, batch: 100 },
})
const rows = [
  row('overdue events, a page', 1000, 350, 100),
  row('overdue deliveries, a page', 1000, 350, 100),
  row('gauge: pending events', 100, 40, 100),
  row('gauge: the oldest due', 1, 10, 1),
  row('gauge: died in the last hour', 1000, 10, 1000),
]

/** Returns the part of docs/capacity.md on what the timers' queries cost, in Markdown. */
export function sweepsPart({ eventUnits, deliveryUnits }: Measured): string {
  const claims = [
    ['`sweep-events`', ((eventUnits - 1) / 3) * 2], // a create, a read of 1 RU, and a patch of two creates
    ['`sweep-deliveries`', 2 * deliveryUnits],
  ] as const
  return [
    'Request units of a query, with nothing to find and at most:',
    table([
      ['Physical partitions', ...PARTITIONS.map((each) => each.toLocaleString('en')), 'before'],
      ...rows.map(queryRow),
    ]),
    'A run that takes 5,000, at most:',
    table([
      ['Physical partitions', ...PARTITIONS.map((each) => each.toLocaleString('en'))],
      ...claims.map(([name, claim]) => [
        `RU of ${name}`,
        ...PARTITIONS.map((each) => figure(PAGES * (mostOf(each).units + 1000 * claim))),
      ]),
      ...claims.map(([name, claim]) => [
        `RU for each that ${name} takes`,
        ...PARTITIONS.map((each) => figure(mostOf(each).units / 1000 + claim)),
      ]),
      ['results loaded by a query', ...PARTITIONS.map((each) => figure(mostOf(each).loaded))],
      [
        'requests of a query after one another',
        ...PARTITIONS.map((each) => figure(mostOf(each).rounds)),
      ],
    ]),
  ].join('\n\n')
}

const [page = { top: 0, batch: 0, bytes: 0 }] = rows
const mostOf = (partitions: number) => mostCost(page, partitions)

function queryRow({ name, before, ...query }: Row): string[] {
  const units = PARTITIONS.map(
    (each) => `${figure(costAtRest(each).units)} – ${figure(mostCost(query, each).units)}`,
  )
  const most = Math.max(...PARTITIONS)
  const once = mostCost({ ...query, ...before }, most)
  return [name, ...units, `${figure(once.units)}, TOP ${before.top}`]
}
