import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { mersenne } from 'pure-rand/generator/mersenne'

export type Random = ReturnType<typeof createRandom>

/** Chance that a seed repeats: the same seed gives the same answers to the same questions. */
export function createRandom(seed: number) {
  const generator = mersenne(seed)
  const next = () => uniformFloat64(generator)
  return {
    /** True in this share of the cases. */
    chance: (share: number): boolean => next() < share,
    /** A number from `low` up to `high`. */
    between: (low: number, high: number): number => low + next() * (high - low),
    pick: <T>(items: readonly [T, ...T[]]): T =>
      items[Math.floor(next() * items.length)] ?? items[0],
  }
}
