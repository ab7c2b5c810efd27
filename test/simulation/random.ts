export type Random = ReturnType<typeof createRandom>

/** A seeded random generator: mulberry32, whose 32 bits of state make thousands of generators cheap. */
export function createRandom(seed: number) {
  let state = seed >>> 0

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  /** Returns a number in [`low`, `high`). */
  const between = (low: number, high: number): number => low + next() * (high - low)

  return {
    /** Returns a number in [0, 1). */
    next,
    between,
    /** Returns true with the probability `share`. */
    chance: (share: number): boolean => share > 0 && next() < share,
    /** Returns an integer in [`low`, `high`]. */
    integer: (low: number, high: number): number => Math.floor(between(low, high + 1)),
    /** Returns a number whose logarithm is uniform: every order of magnitude is equally likely. */
    logUniform: (low: number, high: number): number => low * (high / low) ** next(),
    pick: <const T>(items: readonly [T, ...T[]]): T =>
      items[Math.floor(next() * items.length)] ?? items[0],
    /** Returns an item, or undefined when the list is empty. */
    pickOptional: <T>(items: readonly T[]): T | undefined =>
      items[Math.floor(next() * items.length)],
    /** Returns an independent generator. */
    fork: () => createRandom(Math.floor(next() * 2 ** 32)),
  }
}
