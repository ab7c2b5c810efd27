import type { Database } from '@azure/cosmos'
import { parseGrantList, type Grant } from '../access-grants.ts'
import { readDocument } from '../azure/documents.ts'

const MAX_AGE_MS = 3000
const MAX_STALE_MS = 5 * 60_000 // as long as a decision counts
const ABSENCE_MS = 60_000 // replicas lag seconds; who deletes and creates the document again takes less
const LOG_INTERVAL_MS = 60_000

/** The operator's document of grants. It has no `number`, so no subscription is taken for it. */
interface GrantsDocument {
  id: 'grants'
  consumer: 'grants'
  grants: unknown
}

/** Returns what reads the document, undefined where there is none. */
export const openGrantsDocument = (database: Database) => {
  const container = database.container('subscriptions')
  return () => readDocument<GrantsDocument>(container, 'grants', 'grants')
}

interface Options {
  now?: () => number
  write?: (line: string) => void
}

type Found = Pick<GrantsDocument, 'grants'> & { _ts?: number }

/** The grants of the document, and whether what they do not permit may be refused for good. */
export interface DocumentGrants {
  grants: Grant[]
  isCertain: boolean
}

/**
 * Returns what gives the grants of the document, at most 3 s old; for 5 minutes while it cannot be read, then it throws. Of a
 * document with a wrong entry it keeps the version before, or throws where there is none, and logs the entry, or that a known
 * document is gone, once a minute.
 * No document, no grants. Ignores a version older than the known one, and for a minute that a known document is missing: a
 * replica of the store may lag. They are certain when they were read just now, and a missing document has been missing for a
 * minute: a refusal ends deliveries for good.
 */
export function createDocumentGrants(
  read: () => Promise<Found | undefined>,
  { now = Date.now, write = (line) => console.log(line) }: Options = {},
): () => Promise<DocumentGrants> {
  let known: { grants: Grant[]; at: number; version: number } | undefined
  let absentSince: number | undefined
  let reading: Promise<void> | undefined
  let loggedAt = -Infinity
  const isYounger = (ms: number): boolean => known !== undefined && now() - known.at < ms
  const isMissing = (at: number): boolean =>
    absentSince !== undefined && at - absentSince >= ABSENCE_MS

  async function load(): Promise<void> {
    const at = now()
    const document = await read()
    absentSince = document === undefined ? (absentSince ?? at) : undefined
    if (document === undefined && (known?.version ?? 0) > 0) report('the document is gone')
    const version = document?._ts ?? 0
    const isAccepted =
      known === undefined || (document === undefined ? isMissing(at) : version >= known.version)
    if (known !== undefined && !isAccepted) known.at = at
    else known = { grants: grantsOf(document), at, version }
  }
  function grantsOf(document: Found | undefined): Grant[] {
    try {
      return parseGrantList(document === undefined ? [] : document.grants)
    } catch (error) {
      report(error)
      if (known === undefined) throw error // no grants would end deliveries
      return known.grants
    }
  }
  function report(error: unknown): void {
    if (now() - loggedAt < LOG_INTERVAL_MS) return
    loggedAt = now()
    write(JSON.stringify({ what: 'access.grants_wrong', reason: String(error) }))
  }
  return async () => {
    if (!isYounger(MAX_AGE_MS)) {
      reading ??= load().finally(() => (reading = undefined))
      await reading.catch((error: unknown) => {
        if (!isYounger(MAX_STALE_MS)) throw error
      })
    }
    const { grants = [], at = 0 } = known ?? {}
    const isCertain = isYounger(MAX_AGE_MS) && (absentSince === undefined || isMissing(at))
    return { grants, isCertain }
  }
}
