import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { BenchResult } from '../bench/support/bench-result.ts'

/** Runs a bench in its own process. Returns its result, and throws when it fails. */
export async function runBench(name: string, options: string[]): Promise<BenchResult> {
  const script = path.join(import.meta.dirname, `../bench/${name}/${name}.ts`)
  const child = fork(script, options, {
    execArgv: name === 'match' ? ['--expose-gc'] : [],
    stdio: 'inherit',
  })
  const result: BenchResult = { figures: [], lines: [] }
  child.on('message', (message) => Object.assign(result, message))
  const [code] = await once(child, 'exit')
  if (code !== 0 || result.figures.length === 0)
    throw new Error(`bench:${name} failed (exit ${code}).`)
  return result
}
