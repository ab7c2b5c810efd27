import type { Figure, Line, BenchResult } from '../bench/support/bench-result.ts'
import { lineChart } from '../bench/support/line-chart.ts'
import { median } from '../bench/support/statistics.ts'

/** The results of the benches, in the order in which they ran. */
export interface SpeedResults {
  at: string
  benches: ({ name: string } & BenchResult)[]
}

/** Returns a table in Markdown, with a row per figure and the spread of its repetitions. */
export function speedReport({ benches }: SpeedResults): string {
  const rows = benches.flatMap(({ name, figures }) => figures.map((figure) => rowOf(name, figure)))
  return ['| Bench | | Median (lowest–highest) | Aim |', '| --- | --- | --- | --- |', ...rows].join(
    '\n',
  )
}

function rowOf(bench: string, { what, unit, values, aim }: Figure): string {
  const [middle, low, high] = [median(values), Math.min(...values), Math.max(...values)]
  const spread = values.length > 1 ? ` (${format(low)}–${format(high)})` : ''
  return `| ${bench} | ${what} | ${format(middle)}${spread} ${unit} | ${aim ? verdict(middle, aim) : ''} |`
}

function verdict(value: number, aim: NonNullable<Figure['aim']>): string {
  const [text, isMet] =
    'atMost' in aim
      ? [`at most ${format(aim.atMost)}`, value <= aim.atMost]
      : [`at least ${format(aim.atLeast)}`, value >= aim.atLeast]
  return `${text}: ${isMet ? 'met' : '**missed**'}`
}

/** Formats a number with three significant digits. */
const format = (value: number): string =>
  Number(value.toPrecision(3)).toLocaleString('en', { maximumSignificantDigits: 3 })

const charts: Record<Line['chart'], { title: string; x: string; y: string }> = {
  latency: { title: 'Latency', x: 'percentile', y: 'ms' },
  cost: { title: 'Request units of an event', x: 'subscribers', y: 'RU' },
  matching: { title: 'Matching the subscriptions of an event', x: 'subscriptions', y: 'ns' },
  reading: { title: 'Reading a page of 50 events', x: 'events stored', y: 'ms' },
}

/** Returns the names and SVGs of the charts that have lines. */
export function speedCharts({ benches }: SpeedResults): [name: string, svg: string][] {
  const all = benches.flatMap(({ lines }) => lines)
  return Object.entries(charts).flatMap(([chart, named]): [string, string][] => {
    const lines = all.filter((line) => line.chart === chart)
    return lines.length === 0 ? [] : [[chart, chartOf(lines, named)]]
  })
}

function chartOf(lines: Line[], { title, x, y }: { title: string; x: string; y: string }): string {
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(([at]) => at)))].toSorted(
    byNumber,
  )
  const values = ({ points }: Line) => xs.map((at) => new Map(points).get(at) ?? NaN)
  return lineChart({
    title,
    x: { name: x, values: xs },
    y: { name: y },
    lines: lines.map((line) => ({ name: line.name, values: values(line) })),
  })
}

/** Sorts 1000 before 100000, and p50 before p99. */
const byNumber = (one: string, other: string): number => numberIn(one) - numberIn(other)
const numberIn = (text: string): number => Number(text.replace(/\D/g, ''))
