import { forEachConcurrently } from '../azure/concurrency.ts'
import type { Services } from '../services.ts'

const CONCURRENCY = 16

/**
 * Does `redriveOne` on page after page of what is overdue until none is left, none of a page could be claimed, or `endMs`
 * (epoch) has come. What fails does not stop the others, but has it throw at the end. Returns how often `redriveOne` gave
 * true.
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
