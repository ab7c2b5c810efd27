/** What this process is working on: a message that comes twice is worked on once. */
export function createInProgress() {
  const keys = new Set<string>()
  return {
    /** Does the work, unless the same is under way: then returns undefined. */
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
