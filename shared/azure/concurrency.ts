/**
 * Calls `work` for each item, in order, at most `limit` at a time. After `maxFailures` failures it begins no more: then
 * the store itself is at fault. Rejects when all have ended, with the number of failures and the first error.
 */
export async function forEachConcurrently<T>(
  items: T[],
  limit: number,
  work: (item: T) => Promise<void>,
  maxFailures = limit,
): Promise<void> {
  const shared = items.values() // one iterator: a free worker takes the next
  const failures: unknown[] = []
  const worker = async () => {
    for (const item of shared) {
      await work(item).catch((error: unknown) => failures.push(error))
      if (failures.length >= maxFailures) return
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
  rejectFor(failures, items.length)
}

/** Runs each part after the other, even when one fails. Rejects at the end like `forEachConcurrently`. */
export async function runSequentially(parts: (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = []
  for (const part of parts) await part().catch((error: unknown) => failures.push(error))
  rejectFor(failures, parts.length)
}

function rejectFor(failures: unknown[], count: number): void {
  const [cause] = failures
  if (failures.length > 0)
    throw new Error(`${failures.length} of ${count} failed, first ${String(cause)}`, { cause })
}
