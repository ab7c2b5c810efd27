import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median } from '../../bench/support/statistics.ts'
import { runBench } from '../../proof/run-bench.ts'
import { speedCharts, speedReport, type SpeedResults } from '../../proof/speed-report.ts'

// The short form of `npm run proof:speed`: two of its benches, for a moment. Other tests run beside it, so the limits are
// far from what an idle machine shows (the bundle starts in 0.4 of the time, the app accepts 0.8 as many).
const benches: [name: string, ...options: string[]][] = [
  ['start', '--samples', '2'],
  ['accept', '--seconds', '0.5', '--warm-up', '0.5'],
]

test('the bundle starts sooner than its sources, and accepting stays within sight of its two calls', async (t) => {
  const speed: SpeedResults = { at: new Date().toISOString(), benches: [] }
  for (const [name, ...options] of benches)
    speed.benches.push({ name, ...(await runBench(name, options, true)) })
  const figures = speed.benches.flatMap((bench) => bench.figures)
  const valueOf = (part: string) =>
    median(figures.find(({ what }) => what.includes(part))?.values ?? [])

  assert.ok(valueOf('bundle / sources') < 1)
  assert.ok(valueOf('the same, in the same host') > 0.25)
  assert.ok(valueOf('memory under load') < 256)

  const table = speedReport(speed)
  for (const row of table.split('\n')) t.diagnostic(row)
  for (const { what } of figures) assert.ok(table.includes(`| ${what} | `), what)
  assert.doesNotMatch(table, /NaN|undefined|Infinity/)
  const [[name, svg] = []] = speedCharts(speed)
  assert.equal(name, 'latency')
  assert.match(svg ?? '', /^<svg[^]*POST \/app, 32 at once[^]*<\/svg>\s*$/)
})
