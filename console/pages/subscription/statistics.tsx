import { useState } from 'preact/hooks'
import { read } from '../../api.ts'
import { defineTexts } from '../../language.ts'
import { ProblemNotice } from '../../problem-notice.tsx'
import { useQuery } from '../../query.ts'
import { Section } from '../../section.tsx'
import { fullTime } from '../../time.tsx'
import { Charts } from './charts.tsx'
import type { Bucket, StatisticsAnswer } from './buckets.ts'
import { StatisticsTable } from './statistics-table.tsx'

const texts = defineTexts({
  nb: {
    title: 'Leveringer over tid',
    interval: 'Tidsrom',
    hour: 'Siste time',
    day: 'Siste døgn',
    week: 'Siste uke',
    none: 'Ingen hendelser i dette tidsrommet.',
    partial: (from: string, to: string) =>
      `Tidsrommet har mer enn 2 000 leveringer. Bare de nyeste er talt med: de fra ${from} til ${to}.`,
  },
  en: {
    title: 'Deliveries over time',
    interval: 'Interval',
    hour: 'Last hour',
    day: 'Last 24 hours',
    week: 'Last week',
    none: 'No events in this interval.',
    partial: (from: string, to: string) =>
      `The interval has more than 2,000 deliveries. Only the newest are counted: those from ${from} to ${to}.`,
  },
})

const hours = { hour: 1, day: 24, week: 168 }
type Interval = keyof typeof hours
const intervals: Interval[] = ['hour', 'day', 'week']
const EVERY_MS = 10_000

/** How deliveries have gone over time: charts, and the same numbers as a table. */
export function Statistics({ id }: { id: number }) {
  const names = texts.use()
  const [interval, setInterval] = useState<Interval>('hour')
  const { data, problem } = useQuery(
    `statistics/${id}/${interval}`,
    (signal) => readStatistics(id, interval, signal),
    { everyMs: EVERY_MS, keeps: true },
  )
  const buckets = data?.buckets ?? []
  const isEmpty = buckets.every((each) => countOf(each) === 0)
  return (
    <Section
      id="statistics"
      title={names.title}
      actions={
        <label class="row">
          <span>{names.interval}</span>
          <select
            class="ds-input"
            data-size="sm"
            value={interval}
            onChange={({ currentTarget: { value } }) =>
              setInterval(intervals.find((each) => each === value) ?? 'day')
            }
          >
            {intervals.map((each) => (
              <option key={each} value={each}>
                {names[each]}
              </option>
            ))}
          </select>
        </label>
      }
    >
      <ProblemNotice problem={problem} />
      {data !== undefined && isEmpty && <p class="ds-paragraph">{names.none}</p>}
      {data?.complete === false && (
        <p class="ds-paragraph">
          {names.partial(fullTime(new Date(data.from)), fullTime(new Date(data.to)))}
        </p>
      )}
      {!isEmpty && data !== undefined && (
        <>
          <Charts buckets={buckets} seconds={data.seconds} />
          <StatisticsTable buckets={buckets.filter((each) => countOf(each) > 0)} />
        </>
      )}
    </Section>
  )
}

const countOf = ({ delivered, waiting, dead, cancelled }: Bucket): number =>
  delivered + waiting + dead + cancelled

function readStatistics(id: number, interval: Interval, signal: AbortSignal) {
  const from = new Date(Date.now() - hours[interval] * 3_600_000).toISOString()
  return read<StatisticsAnswer>(
    `subscriptions/${id}/statistics?from=${encodeURIComponent(from)}`,
    signal,
  )
}
