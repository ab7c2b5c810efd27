import type { Ceiling } from './limits.ts'
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
