/** Counts what is under way, so that somebody can wait until there is less of it. */
export function createTally() {
  let count = 0
  let look = () => {}
  const add = (change: number) => () => {
    count += change
    look()
  }
  /** Resolves once no more than so many are under way. One may wait at a time. */
  const atMost = (limit: number) =>
    new Promise<void>((resolve) => {
      look = () => void (count <= limit && resolve())
      look()
    })
  return { begin: add(1), end: add(-1), atMost }
}
