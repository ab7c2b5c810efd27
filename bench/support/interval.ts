import { quantile } from './statistics.ts'

/** The length of an interval, and its most calls: emulators slow down with more documents. */
export interface Limits {
  milliseconds: number
  calls: number
}

/** One interval of load; the latencies are in milliseconds. */
export interface Interval {
  calls: number
  seconds: number
  p50: number
  p90: number
  p99: number
}

type Worker = () => Promise<void>

/** Runs all workers concurrently; each makes one call after another. Throws the error of the first call that fails. */
export async function runInterval(workers: Worker[], limits: Limits): Promise<Interval> {
  const latencies: number[] = []
  const began = performance.now()
  let left = limits.calls
  async function run(call: Worker): Promise<void> {
    for (let now = began; left > 0 && now < began + limits.milliseconds;) {
      left--
      await call()
      const after = performance.now()
      latencies.push(after - now)
      now = after
    }
  }
  await Promise.all(workers.map(run))
  return {
    calls: latencies.length,
    seconds: (performance.now() - began) / 1000,
    p50: quantile(latencies, 0.5),
    p90: quantile(latencies, 0.9),
    p99: quantile(latencies, 0.99),
  }
}

/** Runs an interval whenever the parent sends limits. Ends the process with the parent. */
export function serveIntervals(workers: Worker[]): void {
  process.once('disconnect', () => process.exit())
  process.on('message', (question) => {
    if (typeof question === 'object')
      void runInterval(workers, parseLimits(question)).then(send, fail)
  })
  send('ready')
}

/** Parses the result of an interval in another process. */
export function parseInterval(message: unknown): Interval {
  const { calls, seconds, p50, p90, p99 } = Object(message)
  return {
    calls: Number(calls),
    seconds: Number(seconds),
    p50: Number(p50),
    p90: Number(p90),
    p99: Number(p99),
  }
}

function parseLimits(message: unknown): Limits {
  const { milliseconds, calls } = Object(message)
  return { milliseconds: Number(milliseconds), calls: Number(calls) }
}

const send = (message: Interval | 'ready'): void => void process.send?.(message)

function fail(error: unknown): void {
  console.error(error)
  process.exit(1)
}
