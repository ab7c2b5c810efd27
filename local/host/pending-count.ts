/** Counts what is under way, so that somebody can wait until there is less of it. */
export function createPendingCount() {
  let count = 0
  let check = () => {}
  const add = (change: number) => () => {
    count += change
    check()
  }
  /** Resolves once no more than so many are under way. One may wait at a time. */
  const waitUntilAtMost = (limit: number) =>
    new Promise<void>((resolve) => {
      check = () => void (count <= limit && resolve())
      check()
    })
  return { increment: add(1), decrement: add(-1), waitUntilAtMost }
}
