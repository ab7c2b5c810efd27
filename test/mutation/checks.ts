import { spawn, type ChildProcess } from 'node:child_process'
import { basename } from 'node:path'
import { performance } from 'node:perf_hooks'

/** A program that fails where a promise is broken. */
interface Check {
  name: string
  /** How it is called for a file that was changed; undefined where it does not cover that. */
  argsFor: (file: string) => string[] | undefined
}

const parts = [
  'circuit-breaker',
  'failure-times',
  'concurrency-limit',
  'delivery',
  'matcher',
  'matcher-filters',
  'owner-pause',
  'recent-outcomes',
  'retention',
  'subscription-index',
  'subscription-index-deleted',
]
const flows = [
  'redrive',
  'sweeps',
  'fan-out',
  'fan-out-repeat',
  'unsaved-outcomes',
  'unsaved-drain',
  'ended-meanwhile',
  'fan-out-duplicates',
  'fan-out-subunits',
  'first-seconds',
  'attempt-trace',
  'retry-delivery',
  'retry-unseen',
  'check-access',
  'withdrawn-subject',
  'permit-subscription',
  'update-circuit',
  'drain',
  'drain-cursor',
  'drain-end',
  'drain-circuit',
  'drained-writes',
  'change-delivery',
  'fan-out-other-copy',
  'buffered-bytes',
  'hold-upload',
  'ordered-drain',
  'ordered-replicas',
  'ordered-subjects',
  'ordered-replay',
  'partial-refusal',
  'pause-resume',
  'disable-enable',
  'cancel-open-deliveries',
  'shared-limit',
  'rate-limit',
  'replay',
  'replay-events',
  'replay-repeated',
  'validate-subscription',
]
const isPart = (file: string) => !file.startsWith('shared/flows/')

/** What covers the delivery machine, the quickest first. */
export const checksWith = (seeds: number): Check[] => [
  {
    name: 'unit tests of parts',
    argsFor: (file) => (isPart(file) ? unitTests(parts, file) : undefined),
  },
  { name: 'unit tests of flows', argsFor: (file) => unitTests(flows, file) },
  {
    name: 'properties',
    argsFor: (file) => (isPart(file) ? ['test/mutation/check-properties.ts'] : undefined),
  },
  { name: 'simulation', argsFor: () => ['test/mutation/check-simulation.ts', String(seeds)] },
]

/** Runs tests in one process, those that are named as the file is before the others. */
function unitTests(names: string[], file: string): string[] {
  const [word = ''] = basename(file, '.ts').split('-')
  const isOwn = (name: string) => (name.startsWith(word) ? 0 : 1)
  const sorted = names.toSorted((a, b) => isOwn(a) - isOwn(b))
  const options = [
    '--test',
    '--test-isolation=none',
    '--test-timeout=120000',
    '--test-reporter=spec',
  ]
  return [...options, ...sorted.map((name) => `test/unit/${name}.test.ts`)]
}

/** How a check has ended. */
export interface Ended {
  ok: boolean
  /** Whether it was stopped, because it went on and on. */
  isStopped: boolean
  /** How long it took, by the clock. */
  seconds: number
  /** The end of what it wrote. */
  output: string
}

const MAX_OUTPUT = 4000
const FAILED_TEST = /^✖ .*\n/m // the reporter tells it at once, and the runner would go on

const running = new Set<ChildProcess>()

/** Ends the checks that run. */
export const stopChecks = (): void => running.forEach((child) => void child.kill('SIGKILL'))

const LIMITED = 'ulimit -t "$0" && exec "$@"'

/**
 * Runs a check in a folder up to its first failure, for so many seconds at most. Those are of the processor's time: a
 * machine that has other things to do must not make a mutant look as if it did not end.
 */
export function runCheck(args: string[], folder: string, limitSeconds: number): Promise<Ended> {
  const began = performance.now()
  const { promise, resolve, reject } = Promise.withResolvers<Ended>()
  const child = spawn('sh', ['-c', LIMITED, String(limitSeconds), process.execPath, ...args], {
    cwd: folder,
    env: { ...process.env, NODE_COMPILE_CACHE: `${folder}/.cache` },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  let output = ''
  const hasFailed = () => FAILED_TEST.test(output)
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-MAX_OUTPUT)
    if (hasFailed()) child.kill('SIGKILL')
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  child.on('error', reject)
  child.on('close', (code) => {
    running.delete(child)
    const seconds = (performance.now() - began) / 1000
    resolve({ ok: code === 0, isStopped: code === null && !hasFailed(), seconds, output })
  })
  return promise
}
