import { setTimeout as sleep } from 'node:timers/promises'
import type { Container } from '@azure/cosmos'
import { WRITE_BUDGET_MS } from '../setting-bounds.ts'
import { classifyCosmosError, isNotFound } from './cosmos-error.ts'
import { sessionOf, TRY_MS } from './cosmos.ts'
import { withTimeout } from './timeout.ts'

const UNREACHABLE_BUDGET_MS = 3000

/**
 * The result of a create. `exists` is a success if the id is the caller's own; an `unconfirmed` document may or may not
 * be stored.
 */
export type Created =
  | { outcome: 'created'; etag: string; session: string | undefined }
  | { outcome: 'exists'; session: string | undefined }
  | { outcome: 'unconfirmed'; session: undefined }

/**
 * Creates a document. Retries within the budgets: 10 s in all, 2 s per try, 3 s while the store is unreachable. Throws
 * errors that a retry cannot mend.
 */
export async function createDocument(
  container: Container,
  document: { id: string },
): Promise<Created> {
  const start = Date.now()
  let unreachableSince: number | undefined
  for (let attempt = 0; ; attempt++) {
    try {
      const { headers, etag } = await withTimeout(TRY_MS, (abortSignal) =>
        container.items.create(document, { abortSignal }),
      )
      return { outcome: 'created', etag, session: sessionOf(headers) }
    } catch (error) {
      const fault = classifyCosmosError(error)
      if (fault.kind === 'exists') return { outcome: 'exists', session: fault.session }
      if (fault.kind === 'final' && !isNotFound(error)) throw error // what a create does not find is the container
      unreachableSince = fault.kind === 'unreachable' ? (unreachableSince ?? Date.now()) : undefined
      const pause = fault.kind === 'throttled' ? fault.waitMs : backOff(attempt)
      const end = Math.min(
        start + WRITE_BUDGET_MS,
        (unreachableSince ?? Infinity) + UNREACHABLE_BUDGET_MS,
      )
      if (Date.now() + pause > end) return { outcome: 'unconfirmed', session: undefined }
      await sleep(pause)
    }
  }
}

/** 50 ms, 100 ms, 200 ms … at most 1 s, half of it by chance. */
const backOff = (attempt: number): number =>
  Math.min(1000, 50 * 2 ** attempt) * (0.5 + Math.random() / 2)
