/** A map that keeps the last `most` entries that were set. */
export function createBoundedMap<Value>(most: number) {
  const entries = new Map<string, Value>()
  return {
    get: (key: string): Value | undefined => entries.get(key),
    set(key: string, value: Value): void {
      entries.delete(key)
      entries.set(key, value)
      const [oldest = key] = entries.keys()
      if (entries.size > most) entries.delete(oldest)
    },
    delete: (key: string): void => void entries.delete(key),
  }
}
