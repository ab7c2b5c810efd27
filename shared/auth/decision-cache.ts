import { createBoundedMap } from '../bounded-map.ts'
import type { Decision } from './xacml-response.ts'

const PERMIT_MS = 5 * 60_000
const REFUSAL_MS = 30_000
const MAX_DECISIONS = 10_000

/**
 * Keeps decisions by what was asked: a permit for 5 minutes, a refusal for 30 s, from the moment of the question. Whoever asks the
 * same meanwhile waits for the same answer. What is no decision is not kept.
 */
export function createDecisionCache(now: () => number = Date.now) {
  const decisions = createBoundedMap<{ decision: Decision; until: number }>(MAX_DECISIONS)
  const asking = new Map<string, Promise<Decision>>()

  async function askAndKeep(key: string, ask: () => Promise<Decision>): Promise<Decision> {
    const askedAt = now()
    const decision = await ask()
    const until = askedAt + (decision.isPermit ? PERMIT_MS : REFUSAL_MS)
    decisions.set(key, { decision, until })
    return decision
  }
  /** Returns the decision for a key: the one that is kept, or what `ask` gives. Throws what `ask` throws. */
  return async (key: string, ask: () => Promise<Decision>): Promise<Decision> => {
    const kept = decisions.get(key)
    if (kept !== undefined && now() < kept.until) return kept.decision
    const known = asking.get(key)
    if (known !== undefined) return known
    const answer = askAndKeep(key, ask).finally(() => asking.delete(key))
    asking.set(key, answer)
    return answer
  }
}
