import { useState } from 'preact/hooks'
import { ApiProblem } from './api.ts'

/** A change that someone asks for: whether it is under way, and what the API refused. */
export interface Action<A extends unknown[]> {
  run: (...args: A) => void
  isRunning: boolean
  problem: ApiProblem | undefined
}

/** Returns an action of a component. A click while it is under way does nothing, so that nothing is sent twice. */
export function useAction<A extends unknown[]>(work: (...args: A) => Promise<void>): Action<A> {
  const [isRunning, setRunning] = useState(false)
  const [problem, setProblem] = useState<ApiProblem>()
  async function start(args: A): Promise<void> {
    setRunning(true)
    setProblem(undefined)
    try {
      await work(...args)
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      setProblem(error)
    } finally {
      setRunning(false)
    }
  }
  const run = (...args: A) => {
    if (!isRunning) void start(args)
  }
  return { run, isRunning, problem }
}
