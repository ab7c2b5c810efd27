import uPlot from 'uplot'
import type { DeliveryState } from '../../deliveries/delivery.ts'
import { locale } from '../../language.ts'
import type { Bucket } from './buckets.ts'

interface Drawn {
  buckets: Bucket[]
  seconds: number
}

const HEIGHT = 200
const MAX_POINTS = 20 // of a line: more hide it

/** What the first entry of a legend says: what it is, and of which time the numbers are while no bar is pointed at. */
interface TimeNames {
  time: string
  whole: string
}

/** From the top of a bar to its foot, with the colour that the state has everywhere. */
const layers: [state: DeliveryState, colour: string][] = [
  ['cancelled', 'neutral'],
  ['waiting', 'info'],
  ['dead', 'danger'],
  ['delivered', 'success'],
]

/**
 * Draws how deliveries ended, as one bar for each interval. Each layer is drawn over the sum of those above it. The legend has
 * the sum of all until one is pointed at.
 */
export function drawOutcomes(
  place: HTMLElement,
  { buckets, seconds }: Drawn,
  names: Record<DeliveryState, string> & TimeNames,
): uPlot {
  const bars = uPlot.paths.bars?.({ size: [0.8, 40], align: 1 })
  const sumOf = (state: DeliveryState) => buckets.reduce((sum, bucket) => sum + bucket[state], 0)
  const series = layers.map(([state, colour]): uPlot.Series => {
    const fill = colourOf(`--ds-color-${colour}-base-default`)
    const value = (_plot: uPlot, _value: number, _series: number, at: number | null) =>
      String(at === null ? sumOf(state) : (buckets[at]?.[state] ?? '–'))
    return {
      label: names[state],
      fill,
      stroke: fill,
      width: 0,
      ...(bars && { paths: bars }),
      value,
    }
  })
  const sums = layers.map((_layer, index) =>
    buckets.map((bucket) => layers.slice(index).reduce((sum, [state]) => sum + bucket[state], 0)),
  )
  return draw(place, { series, data: [startsOf(buckets), ...sums], seconds, names })
}

/** Draws the median and the 95th percentile of answer times; where they are the same, the smaller point is seen in the larger. */
export function drawTimes(
  place: HTMLElement,
  { buckets, seconds }: Drawn,
  names: { p50: string; p95: string; upTo: (max: number) => string } & TimeNames,
): uPlot {
  const line = (quantile: 'p50' | 'p95', colour: string, size: number): uPlot.Series => {
    const stroke = colourOf(colour)
    const max = Math.max(0, ...buckets.map(({ ms }) => ms?.[quantile] ?? 0))
    const value = (_plot: uPlot, ms: number | null, _series: number, at: number | null) =>
      at === null ? names.upTo(max) : ms === null ? '–' : `${ms} ms`
    const isSparse = buckets.filter(({ ms }) => ms !== undefined).length <= MAX_POINTS
    const points = { show: isSparse, size, fill: stroke }
    return { label: names[quantile], stroke, width: 2, spanGaps: true, points, value }
  }
  return draw(place, {
    series: [
      line('p95', '--ds-color-warning-border-strong', 9),
      line('p50', '--ds-color-accent-base-default', 6),
    ],
    data: [
      startsOf(buckets),
      buckets.map(({ ms }) => ms?.p95 ?? null),
      buckets.map(({ ms }) => ms?.p50 ?? null),
    ],
    seconds,
    names,
  })
}

interface Plot {
  series: uPlot.Series[]
  data: uPlot.AlignedData
  seconds: number
  names: TimeNames
}

function draw(place: HTMLElement, { series, data, seconds, names }: Plot): uPlot {
  const axis: uPlot.Axis = {
    stroke: colourOf('--ds-color-neutral-text-subtle'),
    grid: { stroke: colourOf('--ds-color-neutral-border-subtle'), width: 1 },
    ticks: { show: false },
    font: '13px system-ui',
  }
  const colours = series.map(({ stroke }) => (typeof stroke === 'string' ? stroke : ''))
  const [start = 0] = data[0]
  const end = (data[0].at(-1) ?? start) + seconds
  return new uPlot(
    {
      width: place.clientWidth,
      height: HEIGHT,
      cursor: { drag: { x: false, y: false } },
      legend: { markers: { fill: (_plot, index) => colours[index - 1] ?? '' } },
      scales: {
        x: { range: () => [start, end] },
        y: { range: (_plot, _min, max) => [0, max * 1.1 || 1] },
      },
      series: [
        { label: names.time, value: (_plot, at) => (at === null ? names.whole : timeOf(at)) },
        ...series,
      ],
      axes: [
        {
          ...axis,
          space: 90,
          values: (_plot, ticks) => ticks.map((tick) => tickOf(tick, end - start)),
        },
        {
          ...axis,
          size: 44,
          values: (_plot, ticks) => ticks.map((tick) => tick.toLocaleString(locale())), // uPlot's are the browser's
          incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000],
        },
      ],
    },
    data,
    place,
  )
}

const startsOf = (buckets: Bucket[]): number[] =>
  buckets.map(({ from }) => new Date(from).getTime() / 1000)

const timeOf = (seconds: number): string =>
  new Date(seconds * 1000).toLocaleString(locale(), { dateStyle: 'short', timeStyle: 'short' })

/** Returns what stands below a line: the time of the day, or the day where there are several. */
const tickOf = (seconds: number, span: number): string =>
  new Date(seconds * 1000).toLocaleString(
    locale(),
    span > 2 * 86_400 ? { day: 'numeric', month: 'short' } : { timeStyle: 'short' },
  )

const colourOf = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim()
