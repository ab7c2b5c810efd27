import type { Ceiling } from './limits.ts'
import type { Plan } from './plan.ts'
import { lineChart } from '../support/line-chart.ts'

/** Returns an SVG of the events per second that each part can handle, by number of subscribers. */
export function chartOf(ceilings: Ceiling[], subscribers: number[]): string {
  return lineChart({
    title: 'Events a second that each part can handle',
    x: { name: 'subscribers of each event', values: subscribers.map(String) },
    y: { name: 'events a second' },
    lines: ceilings.map(({ part, perSecond }) => ({
      name: part.replaceAll('`', ''),
      values: perSecond.map(Math.round),
    })),
  })
}

/** Returns an SVG of what a month costs and of what the parameters take, by rate, with three subscribers. */
export function costChart(plans: Plan[]): string {
  return lineChart({
    title: 'Cost of a month, and the least ceiling, by rate (3 subscribers)',
    x: { name: 'events a second', values: plans.map(({ load }) => String(load.events)) },
    y: { name: 'USD a month; events a second' },
    lines: [
      { name: 'in all', values: plans.map(({ month }) => Math.round(month.all)) },
      {
        name: 'without logs',
        values: plans.map(({ month }) => Math.round(month.all - month.logs)),
      },
      {
        name: 'Cosmos DB',
        values: plans.map(({ month }) => Math.round(month.database + month.storage)),
      },
      {
        name: 'events a second of all parts but a single partition',
        values: plans.map(({ ceilings }) =>
          Math.round(ceilings.find(({ isOfOneApp }) => !isOfOneApp)?.perSecond ?? NaN),
        ),
      },
    ],
  })
}
