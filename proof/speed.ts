// `npm run proof:speed [-- --long]`: every bench of the project, one after another; what they find goes into one table.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { Figure, Line } from '../bench/figures.ts'
import { saveResult } from './results.ts'
import { speedReport, type Speed } from './speed-report.ts'

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

const speed: Speed = { at: new Date().toISOString(), benches: [] }
for (const [number, [name, ...options]] of benches.entries()) {
  console.log(`\n── ${number + 1} of ${benches.length}: bench:${name} ${options.join(' ')}`)
  speed.benches.push({ name, ...(await run(name, options)) })
}
saveResult('speed', speed)
console.log(`\n${speedReport(speed)}`)

/** Runs a bench, which prints as it goes, and gives what it tells. */
async function run(name: string, options: string[]): Promise<{ figures: Figure[]; lines: Line[] }> {
  const script = path.join(import.meta.dirname, `../bench/${name}.ts`)
  const child = fork(script, options, { execArgv: name === 'match' ? ['--expose-gc'] : [] })
  const told: { figures: Figure[]; lines: Line[] } = { figures: [], lines: [] }
  child.on('message', (message) => Object.assign(told, message))
  const [code] = await once(child, 'exit')
  if (code !== 0 || told.figures.length === 0)
    throw new Error(`bench:${name} failed (exit ${code}).`)
  return told
}
