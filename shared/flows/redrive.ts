import { forEachConcurrently } from '../azure/concurrency.ts'
import type { Services } from '../services.ts'

const CONCURRENCY = 16

/**
 * Redrives page after page of overdue work until nothing of a page could be redriven, or `endMs` (epoch milliseconds)
 * has passed. A failure does not stop the others; the first one is thrown at the end. Returns how often `redriveOne`
 * returned true.
 */
export async function redrive<T>(
  { clock }: Pick<Services, 'clock'>,
  overdue: () => Promise<T[]>,
  redriveOne: (item: T) => Promise<boolean>,
  endMs: number,
): Promise<number> {
  let sent = 0
  const one = async (item: T) => {
    if (await redriveOne(item)) sent++
  }
  let failure: Error | undefined
  for (let isProgressing = true; isProgressing && clock.now() <= endMs;) {
    const before = sent
    await forEachConcurrently(await overdue(), CONCURRENCY, one).catch(
      (error: Error) => (failure ??= error),
    )
    isProgressing = sent > before
  }
  if (failure !== undefined) throw failure
  return sent
}
