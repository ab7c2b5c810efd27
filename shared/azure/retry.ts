import { setTimeout as sleep } from 'node:timers/promises'
import { classifyCosmosError } from './cosmos-error.ts'
import { CALL_MS } from './cosmos.ts'

const TRIES = 3

/**
 * Runs a call of the store that may be made twice, and again where it met a fault that passes: three times at most, and
 * none later than a single call may take. Otherwise one bad answer in a hundred would put off one message in ten for the
 * 30 s until it comes again, and have a webhook called twice whose outcome was not stored.
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

/** Milliseconds; undefined where trying again will not help. */
function pauseAfter(error: unknown, tries: number): number | undefined {
  const fault = classifyCosmosError(error)
  if (fault.kind === 'exists' || fault.kind === 'final') return undefined
  return fault.kind === 'throttled' ? fault.waitMs : 50 * 2 ** tries * (0.5 + Math.random() / 2)
}
