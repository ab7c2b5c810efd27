import { quantile } from './statistics.ts'

/** How long a slice lasts, and the most calls it may make: emulators slow down with what they hold. */
export interface Limits {
  milliseconds: number
  calls: number
}

/** One slice of load; the latencies are in milliseconds. */
export interface Slice {
  calls: number
  seconds: number
  p50: number
  p90: number
  p99: number
}

type Lane = () => Promise<void>

/** Runs every lane at once, each one call after another. Fails with the first call that fails. */
export async function runSlice(lanes: Lane[], limits: Limits): Promise<Slice> {
  const latencies: number[] = []
  const began = performance.now()
  let left = limits.calls
  async function run(call: Lane): Promise<void> {
    for (let now = began; left > 0 && now < began + limits.milliseconds;) {
      left--
      await call()
      const after = performance.now()
      latencies.push(after - now)
      now = after
    }
  }
  await Promise.all(lanes.map(run))
  return {
    calls: latencies.length,
    seconds: (performance.now() - began) / 1000,
    p50: quantile(latencies, 0.5),
    p90: quantile(latencies, 0.9),
    p99: quantile(latencies, 0.99),
  }
}

/** In a process that makes load: runs a slice whenever the parent sends limits, and ends with the parent. */
export function serveSlices(lanes: Lane[]): void {
  process.once('disconnect', () => process.exit())
  process.on('message', (question) => {
    if (typeof question === 'object') void runSlice(lanes, limitsOf(question)).then(answer, fail)
  })
  answer('ready')
}

/** The slice that such a process answered. */
export function sliceOf(message: unknown): Slice {
  const { calls, seconds, p50, p90, p99 } = Object(message)
  return {
    calls: Number(calls),
    seconds: Number(seconds),
    p50: Number(p50),
    p90: Number(p90),
    p99: Number(p99),
  }
}

function limitsOf(message: unknown): Limits {
  const { milliseconds, calls } = Object(message)
  return { milliseconds: Number(milliseconds), calls: Number(calls) }
}

const answer = (message: Slice | 'ready'): void => void process.send?.(message)

function fail(error: unknown): void {
  console.error(error)
  process.exit(1)
}
