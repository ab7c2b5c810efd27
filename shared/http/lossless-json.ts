declare global {
  // In Node.js 22 and later (https://github.com/tc39/proposal-json-parse-with-source), not yet in TypeScript's library.
  interface JSON {
    parse(
      text: string,
      reviver: (name: string, value: unknown, context: { source?: string }) => unknown,
    ): unknown
    rawJSON(text: string): object
    isRawJSON(value: unknown): boolean
  }
}

// Matches every number that a double may change. A match inside a string only costs the slower parse.
const MAY_CHANGE = /-0|\d[.eE]|\d{16}/

/**
 * Parses JSON without loss: a number that a double would change (2^53 + 1, 1.10, -0, 1e400) becomes a raw JSON value,
 * which JSON.stringify writes as it was. Throws a SyntaxError.
 */
export const parseLossless = (text: string): unknown =>
  MAY_CHANGE.test(text) ? JSON.parse(text, keepSource) : JSON.parse(text)

const keepSource = (_name: string, value: unknown, { source }: { source?: string }): unknown =>
  typeof value === 'number' && source !== undefined && String(value) !== source
    ? JSON.rawJSON(source)
    : value

/** Returns whether a parsed value contains a number that a double would change. */
export function hasRawNumber(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return JSON.isRawJSON(value) || Object.values(value).some(hasRawNumber)
}
