import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { mersenne } from 'pure-rand/generator/mersenne'

export type Random = ReturnType<typeof createRandom>

/** A seeded random generator: the same seed gives the same sequence. */
export function createRandom(seed: number) {
  const generator = mersenne(seed)
  const next = () => uniformFloat64(generator)
  return {
    /** Returns true with the probability `share`. */
    chance: (share: number): boolean => next() < share,
    /** Returns a number in [`low`, `high`). */
    between: (low: number, high: number): number => low + next() * (high - low),
    pick: <T>(items: readonly [T, ...T[]]): T =>
      items[Math.floor(next() * items.length)] ?? items[0],
  }
}
