declare global {
  // Of Node.js 22 and later (https://github.com/tc39/proposal-json-parse-with-source), not in TypeScript's library yet.
  interface JSON {
    parse(
      text: string,
      reviver: (name: string, value: unknown, context: { source?: string }) => unknown,
    ): unknown
    rawJSON(text: string): object
    isRawJSON(value: unknown): boolean
  }
}

const MAY_DIFFER = /-0|\d[.eE]|\d{16}/ // a number that a double may write otherwise; in a text it costs a slower parse, no more

/**
 * Parses JSON and keeps every number as it is written, also those that a double writes otherwise (2^53 + 1, 1.10, -0,
 * 1e400): JSON.stringify writes them so again. Throws a SyntaxError.
 */
export const parseExactly = (text: string): unknown =>
  MAY_DIFFER.test(text) ? JSON.parse(text, keepLiteral) : JSON.parse(text)

const keepLiteral = (_name: string, value: unknown, { source }: { source?: string }): unknown =>
  typeof value === 'number' && source !== undefined && String(value) !== source
    ? JSON.rawJSON(source)
    : value

/** Whether there is a number in a parsed value that a double would write otherwise. */
export function hasExactNumber(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return JSON.isRawJSON(value) || Object.values(value).some(hasExactNumber)
}
