/** Tracks the work of this process, so that a duplicate message does nothing. */
export function createInProgress() {
  const keys = new Set<string>()
  return {
    /** Runs the work and returns its result, or undefined while the same work is under way. */
    async once<T>(key: string, work: () => Promise<T>): Promise<T | undefined> {
      if (keys.has(key)) return undefined
      keys.add(key)
      try {
        return await work()
      } finally {
        keys.delete(key)
      }
    },
  }
}
