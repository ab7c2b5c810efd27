import { forEachConcurrently } from '../azure/concurrency.ts'
import type { Services } from '../services.ts'

const CONCURRENCY = 16
const MAX_PAGES = 5 // of 1,000, in each 30 s: what one physical partition can claim and fan out (docs/capacity.md)

/**
 * Redrives at most five pages of overdue work, until nothing of a page could be redriven. Begins nothing after `endMs`
 * (epoch milliseconds). A failure does not stop the others; the first one is thrown at the end. Returns how often
 * `redriveOne` returned true.
 */
export async function redrive<T>(
  { clock }: Pick<Services, 'clock'>,
  overdue: () => Promise<T[]>,
  redriveOne: (item: T) => Promise<boolean>,
  endMs: number,
): Promise<number> {
  let sent = 0
  const one = async (item: T) => {
    if (clock.now() <= endMs && (await redriveOne(item))) sent++
  }
  let failure: Error | undefined
  let isProgressing = true
  for (let pages = 0; isProgressing && pages < MAX_PAGES && clock.now() <= endMs; pages++) {
    const before = sent
    await forEachConcurrently(await overdue(), CONCURRENCY, one, Infinity).catch(
      (error: Error) => (failure ??= error),
    )
    isProgressing = sent > before
  }
  if (failure !== undefined) throw failure
  return sent
}
