export type Json = Record<string, unknown>

export function isJsonObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The segments of a document path such as `/a/b` or `/"a-b"/[]`. */
export function segmentsOf(path: string): string[] {
  return [...path.matchAll(/\/(?:"([^"]*)"|([^/]*))/g)].map((match) => match[1] ?? match[2] ?? '')
}

/** The value at a path, undefined where there is none. */
export function valueAt(segments: string[], document: unknown): unknown {
  let value = document
  for (const segment of segments) value = isJsonObject(value) ? value[segment] : undefined
  return value
}
