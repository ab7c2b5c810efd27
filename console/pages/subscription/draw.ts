import uPlot from 'uplot'
import type { DeliveryState } from '../../deliveries/delivery.ts'
import { locale } from '../../language.ts'
import type { Bucket } from './buckets.ts'

interface Drawn {
  buckets: Bucket[]
  seconds: number
}

const HEIGHT = 200
/** From the top of a bar to its foot, with the colour that the state has everywhere. */
const layers: [state: DeliveryState, colour: string][] = [
  ['cancelled', 'neutral'],
  ['waiting', 'info'],
  ['dead', 'danger'],
  ['delivered', 'success'],
]

/** Draws how deliveries ended, as one bar for each interval. Each layer is drawn over the sum of those above it. */
export function drawOutcomes(
  place: HTMLElement,
  { buckets, seconds }: Drawn,
  names: Record<DeliveryState | 'time', string>,
): uPlot {
  const bars = uPlot.paths.bars?.({ size: [0.8, 40], align: 1 })
  const series = layers.map(([state, colour]): uPlot.Series => {
    const fill = colourOf(`--ds-color-${colour}-base-default`)
    const value = (_plot: uPlot, _value: number, _series: number, at: number | null) =>
      at === null ? '–' : String(buckets[at]?.[state] ?? '–')
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
  return draw(place, { series, data: [startsOf(buckets), ...sums], seconds, time: names.time })
}

/** Draws the median and the 95th percentile of answer times. */
export function drawTimes(
  place: HTMLElement,
  { buckets, seconds }: Drawn,
  names: { p50: string; p95: string; time: string },
): uPlot {
  const line = (label: string, colour: string): uPlot.Series => ({
    label,
    stroke: colourOf(colour),
    width: 2,
    spanGaps: true,
    points: { show: true, size: 5 },
    value: (_plot, value) => (value === null ? '–' : `${value} ms`),
  })
  return draw(place, {
    series: [
      line(names.p50, '--ds-color-accent-base-default'),
      line(names.p95, '--ds-color-warning-border-strong'),
    ],
    data: [
      startsOf(buckets),
      buckets.map(({ ms }) => ms?.p50 ?? null),
      buckets.map(({ ms }) => ms?.p95 ?? null),
    ],
    seconds,
    time: names.time,
  })
}

interface Plot {
  series: uPlot.Series[]
  data: uPlot.AlignedData
  seconds: number
  time: string
}

function draw(place: HTMLElement, { series, data, seconds, time }: Plot): uPlot {
  const axis: uPlot.Axis = {
    stroke: colourOf('--ds-color-neutral-text-subtle'),
    grid: { stroke: colourOf('--ds-color-neutral-border-subtle'), width: 1 },
    ticks: { show: false },
    font: '13px system-ui',
  }
  const [start = 0] = data[0]
  const end = (data[0].at(-1) ?? start) + seconds
  return new uPlot(
    {
      width: place.clientWidth,
      height: HEIGHT,
      cursor: { drag: { x: false, y: false } },
      scales: {
        x: { range: () => [start, end] },
        y: { range: (_plot, _min, max) => [0, max * 1.1 || 1] },
      },
      series: [{ label: time, value: (_plot, at) => (at === null ? '–' : timeOf(at)) }, ...series],
      axes: [
        {
          ...axis,
          space: 90,
          values: (_plot, ticks) => ticks.map((tick) => tickOf(tick, end - start)),
        },
        {
          ...axis,
          size: 44,
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
