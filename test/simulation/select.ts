/** Returns the first `count` matching documents in an order, as a query with TOP and ORDER BY does. */
export function top<T>(
  count: number,
  documents: Iterable<T>,
  matches: (document: T) => boolean,
  compare: (a: T, b: T) => number,
): T[] {
  const found: T[] = []
  for (const document of documents) if (matches(document)) found.push(document)
  return found.toSorted(compare).slice(0, count)
}

/** Compares by a member; a document without it counts as 0. */
export const ascending =
  <Name extends string>(name: Name) =>
  (a: { [name in Name]?: number }, b: { [name in Name]?: number }): number =>
    (a[name] ?? 0) - (b[name] ?? 0)

/** Compares texts by code units, as Cosmos DB does. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
