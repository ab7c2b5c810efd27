const MOST = 2 ** 31

/** The seed that was asked for, a whole number below 2^31, or a new one. Throws, naming `what` says it, for anything else. */
export function seedOf(what: string, asked: string | undefined): number {
  if (asked === undefined) return Math.floor(Math.random() * MOST)
  const seed = Number(asked)
  if (!/^\d+$/.test(asked) || seed >= MOST)
    throw new Error(`${what} must be a whole number below ${MOST}, not ${asked}`)
  return seed
}
