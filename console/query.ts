import { useCallback, useEffect, useState } from 'preact/hooks'
import { ApiProblem } from './api.ts'

/** What was read. While it is read again, `data` is what was there before. */
export interface Query<T> {
  data: T | undefined
  problem: ApiProblem | undefined
  reload: () => void
}

interface QueryOptions {
  /** Reads again so long after each answer. */
  everyMs?: number
  /** Whether what was read for the key before is shown until the answer comes, as the page before of a list. */
  keeps?: boolean
}

interface Found<T> {
  key: string
  data?: T | undefined
  problem?: ApiProblem | undefined
}

/**
 * Reads when the component appears and whenever `key` changes, and again every `everyMs` while the page is looked at.
 */
export function useQuery<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  { everyMs, keeps = false }: QueryOptions = {},
): Query<T> {
  const [found, setFound] = useState<Found<T>>({ key })
  const [round, setRound] = useState(0)
  const reload = useCallback(() => setRound((before) => before + 1), [])
  useEffect(() => {
    const end = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const read = async () => {
      if (everyMs === undefined || document.visibilityState === 'visible') {
        const answer = await outcome(load(end.signal), end.signal)
        if (end.signal.aborted) return
        setFound((before) => ({
          key,
          data: answer.data ?? (before.key === key ? before.data : undefined),
          problem: answer.problem,
        }))
      }
      if (everyMs !== undefined) timer = setTimeout(() => void read(), everyMs)
    }
    void read()
    return () => {
      end.abort()
      clearTimeout(timer)
    }
  }, [key, round, everyMs])
  const { data, problem } = keeps || found.key === key ? found : {}
  return { data, problem, reload }
}

async function outcome<T>(
  answer: Promise<T>,
  signal: AbortSignal,
): Promise<{ data?: T; problem?: ApiProblem }> {
  try {
    return { data: await answer }
  } catch (error) {
    if (error instanceof ApiProblem) return { problem: error }
    if (signal.aborted) return {}
    throw error
  }
}
