// `npm run proof:speed [-- --long | --short]`: runs every bench in sequence, and prints the results in one table.
// `--short` runs two benches briefly, and fails when the results are far from those of an idle machine.
import { parseArgs } from 'node:util'
import { median } from '../bench/support/statistics.ts'
import { saveResult } from './results.ts'
import { runBench } from './run-bench.ts'
import { speedReport, type SpeedResults } from './speed-report.ts'

const { values } = parseArgs({
  options: {
    long: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
  },
})
type Bench = [name: string, ...options: string[]]

const short: Bench[] = [
  ['start', '--samples', '2'],
  ['accept', '--seconds', '0.5', '--warm-up', '0.5'],
]
const all: Bench[] = [
  ['start', '--samples', '9'],
  ['accept', '--seconds', '8'],
  ['deliver'],
  ['isolation', '--seconds', '40'],
  ['match'],
  ['read'],
  ['soak', '--seconds', String(values.long ? 1800 : 120)],
]

const benches = values.short ? short : all
const speed: SpeedResults = { at: new Date().toISOString(), benches: [] }
for (const [number, [name, ...options]] of benches.entries()) {
  console.log(`\n── ${number + 1} of ${benches.length}: bench:${name} ${options.join(' ')}`)
  speed.benches.push({ name, ...(await runBench(name, options)) })
}
console.log(`\n${speedReport(speed)}`)
if (values.short) checkLimits()
else saveResult('speed', speed)

/** Sets the exit code to 1 when a figure is missing or out of bounds. An idle machine has 0.4, 0.8 and 140 MB. */
function checkLimits(): void {
  const limits: [part: string, isMet: (value: number) => boolean][] = [
    ['bundle / sources', (ratio) => ratio < 1],
    ['the same, in the same host', (ratio) => ratio > 0.25],
    ['memory under load', (megabytes) => megabytes < 256],
  ]
  const figures = speed.benches.flatMap((bench) => bench.figures)
  for (const [part, isMet] of limits) {
    const figure = figures.find(({ what }) => what.includes(part))
    if (figure !== undefined && isMet(median(figure.values))) continue
    console.error(`Out of bounds, or missing: ${part}`)
    process.exitCode = 1
  }
}
