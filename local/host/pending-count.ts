/** Counts pending operations, so that a caller can wait until fewer are left. */
export function createPendingCount() {
  let count = 0
  let check = () => {}
  const add = (change: number) => () => {
    count += change
    check()
  }
  /** Resolves once at most `limit` are pending. Supports one waiter at a time. */
  const waitUntilAtMost = (limit: number) =>
    new Promise<void>((resolve) => {
      check = () => void (count <= limit && resolve())
      check()
    })
  return { increment: add(1), decrement: add(-1), waitUntilAtMost }
}
