/**
 * Does `work` on every item, at most `limit` at a time. One that fails keeps no other from being done, but after
 * `mostFailures` no more are begun: then it is the store. Rejects when all have ended, saying how many failed and why the first.
 */
export async function forEachConcurrently<T>(
  items: T[],
  limit: number,
  work: (item: T) => Promise<void>,
  mostFailures = limit,
): Promise<void> {
  const shared = items.values() // one iterator: whoever is free takes the next
  const failures: unknown[] = []
  const worker = async () => {
    for (const item of shared) {
      await work(item).catch((error: unknown) => failures.push(error))
      if (failures.length >= mostFailures) return
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
  rejectFor(failures, items.length)
}

/** Does one part of a work after another, all of them, and then rejects like `forEachConcurrently` where some failed. */
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
