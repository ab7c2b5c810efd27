import { spawn } from 'node:child_process'
import { performance } from 'node:perf_hooks'

/** A program that fails where a promise is broken. */
interface Check {
  name: string
  args: string[]
  /** What it covers; everything where it is left out. */
  covers?: (file: string) => boolean
}

const units = [
  'circuit-breaker',
  'concurrency-limit',
  'delivery',
  'matcher',
  'recent-outcomes',
  'subscription-index',
]
const testsOf = (names: string[]) => names.map((name) => `test/unit/${name}.test.ts`)
const isPure = (file: string) => !file.startsWith('shared/flows/')

/** What covers the delivery machine, the quickest first. */
export const checksWith = (seeds: number): Check[] => [
  { name: 'unit tests', args: [...nodeTest, ...testsOf(units)], covers: isPure },
  { name: 'properties', args: ['test/mutation/check-properties.ts'], covers: isPure },
  { name: 'simulation', args: ['test/mutation/check-simulation.ts', String(seeds)] },
]
const nodeTest = ['--test', '--test-isolation=none', '--test-timeout=30000']

/** How a check has ended. */
export interface Ended {
  ok: boolean
  /** Whether it was stopped, because it went on and on. */
  isStopped: boolean
  ms: number
  /** The end of what it wrote. */
  output: string
}

const MOST_OUTPUT = 4000

/** Runs a check in a folder, for so long at most. */
export function runCheck({ args }: Check, folder: string, limitMs: number): Promise<Ended> {
  const began = performance.now()
  const { promise, resolve, reject } = Promise.withResolvers<Ended>()
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, NODE_COMPILE_CACHE: `${folder}/.cache` },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const keep = (chunk: Buffer) => void (output = (output + chunk.toString()).slice(-MOST_OUTPUT))
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  let isStopped = false
  const timer = setTimeout(() => {
    isStopped = true
    child.kill('SIGKILL')
  }, limitMs)
  child.on('error', reject)
  child.on('close', (code) => {
    clearTimeout(timer)
    resolve({ ok: code === 0, isStopped, ms: performance.now() - began, output })
  })
  return promise
}
