import fc from 'fast-check'

const SURROGATES = { first: 0xd800, count: 0x800 }

/**
 * Any character of Unicode, as fast-check's unit 'binary'. That one makes a table of all 1,112,064 before its first text,
 * which takes a second; it is for shrinking texts that it did not make, and computed here.
 */
export const codePoint: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: 0x10_ffff - SURROGATES.count })
  .map(
    (place) => String.fromCodePoint(place < SURROGATES.first ? place : place + SURROGATES.count),
    placeOf,
  )

function placeOf(character: unknown): number {
  const code = (typeof character === 'string' && character.codePointAt(0)) || 0
  if (character !== String.fromCodePoint(code) || !character.isWellFormed())
    throw new Error('not one character')
  return code < SURROGATES.first ? code : code - SURROGATES.count
}
