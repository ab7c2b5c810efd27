import type { Random } from './random.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

/** The random source of a plan, and of the times in it. */
export interface PlanRandom {
  random: Random
  /** Returns a time before the end of the faults, in virtual ms. */
  time: () => number
  faultsEndAt: number
}

/** Returns a source of times. A share of them is close together, since faults that coincide find more. */
export function createTimes(random: Random, faultsEndAt: number): () => number {
  const focus = random.between(5 * SECOND, faultsEndAt)
  const width = random.logUniform(SECOND, 2 * MINUTE)
  const share = random.pick([0, 0.3, 0.6, 0.9])
  return () => {
    const time = random.chance(share)
      ? focus + random.between(-width, width)
      : random.between(0, faultsEndAt)
    return Math.min(faultsEndAt, Math.max(5 * SECOND, time))
  }
}

/** Returns the results of `count` calls. */
export const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))
