import { setTimeout as sleep } from 'node:timers/promises'
import { classifyCosmosError } from './cosmos-error.ts'
import { CALL_MS } from './cosmos.ts'

const TRIES = 3

/**
 * Runs a call that is safe to repeat, at most three times, on transient errors of the store. Starts no try later than a
 * single call may take. Otherwise one error in a hundred calls would delay one message in ten by the 30 s until its
 * retry, and repeat webhook calls whose outcome was not stored.
 */
export async function retry<T>(call: () => Promise<T>): Promise<T> {
  const end = Date.now() + CALL_MS
  for (let tries = 1; ; tries++) {
    try {
      return await call()
    } catch (error) {
      const pause = pauseAfter(error, tries)
      if (pause === undefined || tries === TRIES || Date.now() + pause > end) throw error
      await sleep(pause)
    }
  }
}

/** Returns the milliseconds to wait, or undefined when a retry will not help. */
function pauseAfter(error: unknown, tries: number): number | undefined {
  const fault = classifyCosmosError(error)
  if (fault.kind === 'exists' || fault.kind === 'final') return undefined
  return fault.kind === 'throttled' ? fault.waitMs : 50 * 2 ** tries * (0.5 + Math.random() / 2)
}
