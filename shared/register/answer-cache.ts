import { createBoundedMap } from '../bounded-map.ts'

const MINUTE = 60_000
const MAX_AGE_MS = 60 * MINUTE
const MAX_STALE_AGE_MS = 24 * 60 * MINUTE // while the register does not answer
const MAX_ABSENCE_MS = MINUTE // what is new is found soon
const MAX_ANSWERS = 10_000

/** An answer of the register; undefined where there is none to give. */
export type Answer<T> = T | undefined | 'unavailable'

interface AnswerCacheOptions<T> {
  /** Asks the register. Throws when it does not answer. */
  ask: (about: string) => Promise<T | undefined>
  /** Milliseconds of the epoch. */
  now: () => number
}

/**
 * Returns a function that gives the register's answer about something: at most an hour old, or a day while the register does
 * not answer; that there is none, at most a minute. Callers that ask the same at the same time share one question. It
 * does not throw.
 */
export function createAnswerCache<T>({ ask, now }: AnswerCacheOptions<T>) {
  const known = createBoundedMap<{ answer: T | undefined; at: number }>(MAX_ANSWERS)
  const asking = new Map<string, Promise<Answer<T>>>()

  async function load(about: string): Promise<Answer<T>> {
    try {
      const answer = await ask(about)
      known.set(about, { answer, at: now() })
      return answer
    } catch {
      const { answer, at = 0 } = known.get(about) ?? {} // the failure is reported by the function that asked
      return answer !== undefined && now() - at < MAX_STALE_AGE_MS ? answer : 'unavailable'
    }
  }
  return async (about: string): Promise<Answer<T>> => {
    const found = known.get(about)
    const maxAge = found?.answer === undefined ? MAX_ABSENCE_MS : MAX_AGE_MS
    if (found !== undefined && now() - found.at < maxAge) return found.answer
    const question = asking.get(about) ?? load(about).finally(() => asking.delete(about))
    asking.set(about, question)
    return question
  }
}
