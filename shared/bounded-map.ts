/** Creates a map that keeps the `max` entries set last. */
export function createBoundedMap<Value>(max: number) {
  const entries = new Map<string, Value>()
  return {
    get: (key: string): Value | undefined => entries.get(key),
    set(key: string, value: Value): void {
      entries.delete(key)
      entries.set(key, value)
      const [oldest = key] = entries.keys()
      if (entries.size > max) entries.delete(oldest)
    },
    delete: (key: string): void => void entries.delete(key),
  }
}
