import type { Deadline } from './deadline.ts'

interface Origin {
  open: number
  waiting: Set<() => void>
}

/**
 * Bounds how many requests are open to each origin, and with them the connections: an agent's `maxSockets` does not count
 * those that are being made.
 */
export function createOriginLimit(max: number) {
  const origins = new Map<string, Origin>()

  function of(name: string): Origin {
    const known = origins.get(name)
    if (known !== undefined) return known
    const made = { open: 0, waiting: new Set<() => void>() }
    origins.set(name, made)
    return made
  }
  return {
    /** Begins a request to an origin, as soon as one may. Rejects when the deadline ends. */
    async enter(name: string, deadline: Deadline): Promise<void> {
      const origin = of(name)
      if (origin.open < max) origin.open += 1
      else await turnIn(origin, deadline)
    },
    /** Ends a request that has begun; the first that waits takes its place. */
    leave(name: string): void {
      const origin = of(name)
      const [next] = origin.waiting
      if (next !== undefined) return next()
      origin.open -= 1
      if (origin.open === 0) origins.delete(name)
    },
  }
}

function turnIn({ waiting }: Origin, deadline: Deadline): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const start = () => {
    waiting.delete(start)
    resolve()
  }
  waiting.add(start)
  deadline.onEnd = (reason) => {
    waiting.delete(start)
    reject(reason)
  }
  return promise
}
