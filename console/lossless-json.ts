// ECMAScript's source text access, which the newest browsers have: https://tc39.es/proposal-json-parse-with-source
declare global {
  interface JSON {
    rawJSON?: (text: string) => unknown
    parse(
      text: string,
      reviver: (name: string, value: unknown, context: { source: string }) => unknown,
    ): unknown
  }
}

/**
 * Parses JSON so that writing it again gives every number as it was written, also one that no double holds. In a browser that
 * cannot, such numbers are rounded.
 */
export const parseJson = (text: string): unknown =>
  JSON.rawJSON === undefined ? JSON.parse(text) : JSON.parse(text, keepNumber)

function keepNumber(_name: string, value: unknown, { source }: { source: string }): unknown {
  return typeof value === 'number' && String(value) !== source ? JSON.rawJSON?.(source) : value
}
