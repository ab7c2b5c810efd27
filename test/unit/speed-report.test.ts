import assert from 'node:assert/strict'
import { test } from 'node:test'
import { speedCharts, speedReport, type SpeedResults } from '../../proof/speed-report.ts'

const results: SpeedResults = {
  at: '2026-01-02T03:04:05.000Z',
  benches: [
    {
      name: 'start',
      figures: [
        { what: 'registered', unit: 'ms', values: [97, 81.24, 85], aim: { atMost: 90 } },
        { what: 'bundle / sources', unit: '×', values: [0.41] },
      ],
      lines: [],
    },
    {
      name: 'accept',
      figures: [{ what: 'accepted', unit: '/s', values: [1234], aim: { atLeast: 2000 } }],
      lines: [
        {
          chart: 'latency',
          name: 'POST /app',
          points: [
            ['p99', 40],
            ['p50', 9],
          ],
        },
      ],
    },
  ],
}

test('a row has the median, the spread and whether the aim is met', () => {
  assert.deepEqual(speedReport(results).split('\n').slice(2), [
    '| start | registered | 85 (81.2–97) ms | at most 90: met |',
    '| start | bundle / sources | 0.41 × |  |',
    '| accept | accepted | 1,230 /s | at least 2,000: **missed** |',
  ])
})

test('draws a chart of the figures that have lines', () => {
  const [[name, svg] = [], ...others] = speedCharts(results)
  assert.equal(name, 'latency')
  assert.match(svg ?? '', /^<svg[^]*p50[^]*p99[^]*POST \/app[^]*<\/svg>\s*$/)
  assert.deepEqual(others, [])
})
