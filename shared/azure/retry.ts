import { systemClock, type Clock } from '../clock.ts'
import { classifyCosmosError } from './cosmos-error.ts'
import { CALL_MS } from './cosmos.ts'

const TRIES = 3

interface Source {
  clock: Clock
  random: () => number
}
const system: Source = { clock: systemClock, random: Math.random }

/**
 * Runs a call that is safe to repeat, at most three times, on transient errors of the store. Starts no try later than a
 * single call may take. Otherwise one error in a hundred calls would delay one message in ten by the 30 s until its
 * retry, and repeat webhook calls whose outcome was not stored. A flow gives its own clock and random numbers.
 */
export async function retry<T>(
  call: () => Promise<T>,
  { clock, random }: Source = system,
): Promise<T> {
  const end = clock.now() + CALL_MS
  for (let tries = 1; ; tries++) {
    try {
      return await call()
    } catch (error) {
      const pause = pauseAfter(error, tries, random)
      if (pause === undefined || tries === TRIES || clock.now() + pause > end) throw error
      await clock.timeout(pause).ended
    }
  }
}

/** Returns the milliseconds to wait, or undefined when a retry will not help. */
function pauseAfter(error: unknown, tries: number, random: () => number): number | undefined {
  const fault = classifyCosmosError(error)
  if (fault.kind === 'exists' || fault.kind === 'final') return undefined
  return fault.kind === 'throttled' ? fault.waitMs : 50 * 2 ** tries * (0.5 + random() / 2)
}
