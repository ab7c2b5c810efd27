import { useEffect, useState } from 'preact/hooks'

/** A value that components share: `use` renders again when it changes. */
export interface State<T> {
  get: () => T
  set: (value: T) => void
  use: () => T
}

/** Returns a shared value. It is in memory only. */
export function createState<T>(initial: T): State<T> {
  let value = initial
  const listeners = new Set<() => void>()
  const get = () => value
  return {
    get,
    set(next) {
      value = next
      for (const listener of listeners) listener()
    },
    use() {
      const [, render] = useState({})
      useEffect(() => {
        const listener = () => render({})
        listeners.add(listener)
        listener() // it may have changed between rendering and this
        return () => void listeners.delete(listener)
      }, [])
      return value
    },
  }
}
