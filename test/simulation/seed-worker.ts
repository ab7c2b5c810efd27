import { parentPort } from 'node:worker_threads'
import { planOf } from './random-plan.ts'
import { simulate } from './simulate.ts'

// A thread that simulates each seed that it is sent, and answers with the result.
parentPort?.on('message', (seed: number) => {
  void simulate(planOf(seed)).then((result) => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    parentPort?.postMessage(result)
  })
})
