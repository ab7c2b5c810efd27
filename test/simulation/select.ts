/** What a query is made of: the documents that `matches`, in order, at most `count`. */
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

/** By one member, the least first. */
export const ascending =
  <Name extends string>(name: Name) =>
  (a: { [name in Name]?: number }, b: { [name in Name]?: number }): number =>
    (a[name] ?? 0) - (b[name] ?? 0)

/** By the code units of a text, as Cosmos DB orders. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
