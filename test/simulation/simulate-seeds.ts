import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { planOf } from './random-plan.ts'
import { simulate, type Result } from './simulate.ts'

interface Simulated {
  seed: number
  result: Result
}

/** Simulates the seeds below `end` in so many threads. Yields each result when it is there, so not always in order. */
export async function* simulateSeeds(
  first: number,
  end: number,
  threads: number,
): AsyncGenerator<Simulated> {
  if (threads > 1 && end - first > 1) yield* simulateInThreads(first, end, threads)
  else
    for (let seed = first; seed < end; seed++) yield { seed, result: await simulate(planOf(seed)) }
}

async function* simulateInThreads(
  first: number,
  end: number,
  threads: number,
): AsyncGenerator<Simulated> {
  const running = new Map<Worker, Promise<Simulated & { worker: Worker }>>()
  const workers = Array.from(
    { length: Math.min(threads, end - first) },
    () => new Worker(new URL('seed-worker.ts', import.meta.url)),
  )
  let next = first
  const start = (worker: Worker): void => {
    if (next < end) running.set(worker, simulateIn(worker, next++))
    else running.delete(worker)
  }
  try {
    workers.forEach(start)
    while (running.size > 0) {
      const { worker, ...simulated } = await Promise.race(running.values())
      start(worker)
      yield simulated
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

/** Rejects with the error of a simulation that throws. */
async function simulateIn(worker: Worker, seed: number): Promise<Simulated & { worker: Worker }> {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  worker.postMessage(seed)
  const [result]: Result[] = await once(worker, 'message')
  if (result === undefined) throw new Error(`Seed ${seed} has no result.`)
  return { worker, seed, result }
}
