import type { Random } from './random.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

/** Chance, with the moments at which it has things happen. */
export interface Chance {
  random: Random
  moment: () => number
  calmFrom: number
}

/** Any time, or about the same time as much else: what coincides finds more than what happens alone. */
export function momentsOf(random: Random, calmFrom: number): () => number {
  const focus = random.between(5 * SECOND, calmFrom)
  const width = random.skewed(SECOND, 2 * MINUTE)
  const share = random.pick([0, 0.3, 0.6, 0.9])
  return () => {
    const time = random.chance(share)
      ? focus + random.between(-width, width)
      : random.between(0, calmFrom)
    return Math.min(calmFrom, Math.max(5 * SECOND, time))
  }
}

export const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))
