import { deliveryStates } from '../../deliveries/delivery-tag.tsx'
import { defineTexts } from '../../language.ts'
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
  return (
    <details class="ds-details" data-size="sm">
      <summary>{names.show}</summary>
      <div>
        <div class="table-frame" tabIndex={0} role="group" aria-label={names.show}>
          <table class="ds-table" data-color="neutral" data-size="sm">
            <thead>
              <tr>
                <th scope="col">{names.from}</th>
                {states.map((state) => (
                  <th scope="col" class="number" key={state}>
                    {stateNames[state]}
                  </th>
                ))}
                <th scope="col" class="number">
                  {names.p50}
                </th>
                <th scope="col" class="number">
                  {names.p95}
                </th>
              </tr>
            </thead>
            <tbody>
              {buckets.map((bucket) => (
                <tr key={bucket.from}>
                  <td>
                    <ExactTime at={bucket.from} />
                  </td>
                  {states.map((state) => (
                    <td class="number" key={state}>
                      {bucket[state]}
                    </td>
                  ))}
                  <td class="number">{milliseconds(bucket.ms?.p50)}</td>
                  <td class="number">{milliseconds(bucket.ms?.p95)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </div>
    </details>
  )
}

const milliseconds = (value: number | undefined): string =>
  value === undefined ? '–' : `${value} ms`
