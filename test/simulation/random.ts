export type Random = ReturnType<typeof createRandom>

/** Chance that a seed repeats: mulberry32, 32 bits of state, so that a thousand of them cost nothing. */
export function createRandom(seed: number) {
  let state = seed >>> 0

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  /** A number from `low` up to `high`. */
  const between = (low: number, high: number): number => low + next() * (high - low)

  return {
    /** [0, 1) */
    next,
    between,
    /** True in this share of the cases. */
    chance: (share: number): boolean => share > 0 && next() < share,
    /** A whole number from `low` to `high`, both included. */
    integer: (low: number, high: number): number => Math.floor(between(low, high + 1)),
    /** Mostly near `low`, seldom near `high`: times and sizes of every order of magnitude. */
    skewed: (low: number, high: number): number => low * (high / low) ** next(),
    pick: <const T>(items: readonly [T, ...T[]]): T =>
      items[Math.floor(next() * items.length)] ?? items[0],
    /** One of a list; undefined of an empty one. */
    any: <T>(items: readonly T[]): T | undefined => items[Math.floor(next() * items.length)],
    /** Another source of chance, which this one does not run on with. */
    fork: () => createRandom(Math.floor(next() * 2 ** 32)),
  }
}
