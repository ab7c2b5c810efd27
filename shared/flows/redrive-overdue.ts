import { forEachConcurrently } from '../azure/concurrency.ts'

const AT_ONCE = 16

/**
 * Does `rescue` on page after page of what is overdue, oldest first, until none is left, none of a page could be rescued,
 * or `endMs` (epoch) has come. What fails does not stop the others, but has it throw at the end. Gives how many times
 * `rescue` gave true.
 */
export async function redriveOverdue<T>(
  overdue: () => Promise<T[]>,
  rescue: (item: T) => Promise<boolean>,
  endMs: number,
): Promise<number> {
  let [sent, ended] = [0, 0]
  const one = async (item: T) => {
    if (await rescue(item)) sent++
    ended++
  }
  let failure: Error | undefined
  for (let before = -1; before < ended && Date.now() <= endMs;) {
    before = ended
    await forEachConcurrently(await overdue(), AT_ONCE, one).catch(
      (error: Error) => (failure ??= error),
    )
  }
  if (failure !== undefined) throw failure
  return sent
}
