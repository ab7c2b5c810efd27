/** Does `work` on every item, at most `limit` at a time. Rejects with the first failure. */
export async function inParallel<T>(
  items: T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const shared = items.values() // one iterator: whoever is free takes the next
  const worker = async () => {
    for (const item of shared) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
}
