// `npm run proof:speed [-- --long]`: every bench of the project, one after another; what they find goes into one table.
import { parseArgs } from 'node:util'
import { saveResult } from './results.ts'
import { runBench } from './run-bench.ts'
import { speedReport, type SpeedResults } from './speed-report.ts'

const { values } = parseArgs({ options: { long: { type: 'boolean', default: false } } })
const soakSeconds = values.long ? 1800 : 120

const benches: [name: string, ...options: string[]][] = [
  ['start', '--samples', '9'],
  ['accept', '--seconds', '8'],
  ['deliver'],
  ['isolation', '--seconds', '40'],
  ['match'],
  ['read'],
  ['soak', '--seconds', String(soakSeconds)],
]

const speed: SpeedResults = { at: new Date().toISOString(), benches: [] }
for (const [number, [name, ...options]] of benches.entries()) {
  console.log(`\n── ${number + 1} of ${benches.length}: bench:${name} ${options.join(' ')}`)
  speed.benches.push({ name, ...(await runBench(name, options)) })
}
saveResult('speed', speed)
console.log(`\n${speedReport(speed)}`)
