import { deliveryStates } from '../../deliveries/delivery-tag.tsx'
import { defineTexts } from '../../language.ts'
import { Table, type Column } from '../../table.tsx'
import { ExactTime } from '../../time.tsx'
import type { Bucket } from './buckets.ts'

const texts = defineTexts({
  nb: { show: 'Vis tallene som tabell', from: 'Fra', p50: 'Median', p95: '95-persentil' },
  en: { show: 'Show the numbers as a table', from: 'From', p50: 'Median', p95: '95th percentile' },
})

const states = ['delivered', 'waiting', 'dead', 'cancelled'] as const

/** The numbers of the charts, for who does not see those. */
export function StatisticsTable({ buckets }: { buckets: Bucket[] }) {
  const names = texts.use()
  const stateNames = deliveryStates.use()
  const columns: Column<Bucket>[] = [
    { name: names.from, cell: ({ from }) => <ExactTime at={from} /> },
    ...states.map((state): Column<Bucket> => ({
      name: stateNames[state],
      isNumber: true,
      cell: (bucket) => bucket[state],
    })),
    { name: names.p50, isNumber: true, cell: ({ ms }) => milliseconds(ms?.p50) },
    { name: names.p95, isNumber: true, cell: ({ ms }) => milliseconds(ms?.p95) },
  ]
  return (
    <details class="ds-details" data-color="neutral" data-size="sm">
      <summary>{names.show}</summary>
      <div>
        <Table
          label={names.show}
          columns={columns}
          rows={buckets}
          keyOf={({ from }) => from}
          size="sm"
        />
      </div>
    </details>
  )
}

const milliseconds = (value: number | undefined): string =>
  value === undefined ? '–' : `${value} ms`
