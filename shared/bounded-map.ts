/** Creates a map that keeps the `most` entries set last. */
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
