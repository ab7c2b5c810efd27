const MAX_SEED = 2 ** 31

/** Returns the requested seed, or a random one. Throws, naming the setting `what`, unless it is a whole number below 2^31. */
export function seedOf(what: string, asked: string | undefined): number {
  if (asked === undefined) return Math.floor(Math.random() * MAX_SEED)
  const seed = Number(asked)
  if (!/^\d+$/.test(asked) || seed >= MAX_SEED)
    throw new Error(`${what} must be a whole number below ${MAX_SEED}, not ${asked}`)
  return seed
}
