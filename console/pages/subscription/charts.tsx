import { useEffect, useRef } from 'preact/hooks'
import { deliveryStates } from '../../deliveries/delivery-tag.tsx'
import { defineTexts, language } from '../../language.ts'
import { useIsDark } from '../../theme.ts'
import type { Bucket } from './buckets.ts'

const texts = defineTexts({
  nb: {
    outcomes: (events: number, dead: number) =>
      `Søyler: ${events} hendelser i tidsrommet, ${dead} oppgitt. Tallene står i tabellen under.`,
    times: (max: number) =>
      `Linjer: svartider, 95-persentil opptil ${max} ms. Tallene står i tabellen under.`,
    time: 'Tid',
    whole: 'hele tidsrommet',
    upTo: (max: number) => `opptil ${max} ms`,
    events: 'Hendelser',
    answers: 'Svartid, ms',
    p50: 'Median',
    p95: '95-persentil',
  },
  en: {
    outcomes: (events: number, dead: number) =>
      `Bars: ${events} events in the interval, ${dead} dead. The numbers are in the table below.`,
    times: (max: number) =>
      `Lines: answer times, 95th percentile up to ${max} ms. The numbers are in the table below.`,
    time: 'Time',
    whole: 'the whole interval',
    upTo: (max: number) => `up to ${max} ms`,
    events: 'Events',
    answers: 'Answer time, ms',
    p50: 'Median',
    p95: '95th percentile',
  },
})

interface ChartsProps {
  buckets: Bucket[]
  seconds: number
}

/** How many deliveries ended how, and how long endpoints took to answer. uPlot is loaded when there is something to draw. */
export function Charts({ buckets, seconds }: ChartsProps) {
  const names = texts.use()
  const states = deliveryStates.use()
  const [outcomes, times] = [useRef<HTMLDivElement>(null), useRef<HTMLDivElement>(null)]
  const appearance = `${language.use()} ${useIsDark()}`
  useEffect(() => {
    let end = () => {}
    let isGone = false
    void import('./draw.ts').then(({ drawOutcomes, drawTimes }) => {
      if (isGone || outcomes.current === null || times.current === null) return
      const charts = [
        drawOutcomes(outcomes.current, { buckets, seconds }, { ...states, ...names }),
        drawTimes(times.current, { buckets, seconds }, names),
      ]
      end = () => charts.forEach((chart) => chart.destroy())
    })
    return () => {
      isGone = true
      end()
    }
  }, [buckets, appearance])
  const sum = (pick: (bucket: Bucket) => number) =>
    buckets.reduce((total, bucket) => total + pick(bucket), 0)
  const all = sum(
    ({ delivered, waiting, dead, cancelled }) => delivered + waiting + dead + cancelled,
  )
  const max = Math.max(0, ...buckets.map(({ ms }) => ms?.p95 ?? 0))
  return (
    <div class="charts">
      <figure>
        <figcaption>{names.events}</figcaption>
        <div
          class="chart"
          role="img"
          aria-label={names.outcomes(
            all,
            sum(({ dead }) => dead),
          )}
          ref={outcomes}
        />
      </figure>
      <figure>
        <figcaption>{names.answers}</figcaption>
        <div class="chart" role="img" aria-label={names.times(max)} ref={times} />
      </figure>
    </div>
  )
}
