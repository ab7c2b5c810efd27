import type { KeyObject } from 'node:crypto'
import { fetchFailureOf, fetchKeys, type SigningKey } from './fetch-keys.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const REFRESH_AFTER = 50 * MINUTE // in the background, so no request waits
const MAX_AGE = 60 * MINUTE
const MAX_STALE_AGE = 24 * 60 * MINUTE // during an outage of the key server
const RETRY_INTERVAL = 30 * SECOND // after a failed refresh
const RENEW_INTERVAL = MINUTE

/** The keys that a token may be signed by, or that they cannot be had now. */
export type FoundKeys = KeyObject[] | 'unavailable'

/** A fetch that failed last. */
export interface KeyFailure {
  reason: string
  /** There is no such issuer. */
  isAbsent: boolean
  /** When the first of those in a row failed, in ms of the epoch. */
  since: number
}

/** The signing keys of an issuer. `find` and `renew` do not throw. */
export interface KeySet {
  /** Returns the keys for a `kid`; `unavailable` where none are known and the key server does not give them. */
  find(kid: string | undefined): Promise<FoundKeys>
  /**
   * Returns the keys for a `kid` under which a signature was wrong, fetched again; none where that was tried just now, and
   * `unavailable` where a key of that `kid` is not known and the last fetch failed: it may be new.
   */
  renew(kid: string | undefined): Promise<FoundKeys>
  readonly hasKeys: boolean
  readonly failure: KeyFailure | undefined
}

interface KeySetOptions {
  /** Returns the JWKS URL. */
  resolveUri: () => Promise<string>
  /** Whether a key server that knows nothing of the address (404, 410) means that there is no such issuer. */
  mayBeAbsent?: boolean
  /** Called after every fetch that failed. */
  report?: (failure: KeyFailure, hasKeys: boolean) => void
  /** Milliseconds of the epoch. */
  now?: () => number
}

/**
 * Caches the signing keys at a JWKS URL. Use refreshes them. An unknown `kid` or a wrong signature causes at most one extra
 * fetch a minute, so forged tokens can neither flood the key server nor lock out known keys (the rate limit of jwks-rsa
 * would lock them out).
 */
export function createKeySet({
  resolveUri,
  mayBeAbsent = false,
  report,
  now = Date.now,
}: KeySetOptions): KeySet {
  let known: { keys: SigningKey[]; at: number } | undefined
  let failure: (KeyFailure & { at: number }) | undefined // of the last fetch
  let renewedAt: number | undefined
  let fetching: Promise<void> | undefined

  const hasPassed = (ms: number, from: number | undefined) =>
    from === undefined || now() - from >= ms
  const hasCurrentKeys = () => !hasPassed(MAX_STALE_AGE, known?.at)
  const failureOf = (error: unknown) => {
    const { reason, isAbsent } = fetchFailureOf(error)
    const isUnknown = mayBeAbsent && isAbsent && !hasCurrentKeys()
    return { reason, isAbsent: isUnknown, since: failure?.since ?? now(), at: now() }
  }

  async function load(): Promise<void> {
    try {
      known = { keys: await fetchKeys(await resolveUri()), at: now() }
      failure = undefined
    } catch (error) {
      // Cached keys stay valid: an outage of the key server is none of the app while it knows keys.
      failure = failureOf(error)
      report?.(failure, hasCurrentKeys())
    }
  }
  function refresh(): Promise<void> {
    fetching ??= load().finally(() => (fetching = undefined))
    return fetching
  }
  async function ensureFresh(): Promise<void> {
    const pause = known === undefined ? SECOND : RETRY_INTERVAL
    if (!hasPassed(REFRESH_AFTER, known?.at) || !hasPassed(pause, failure?.at)) return
    const isOutage = failure !== undefined // then stale keys serve at once: each try may hang for 5 s
    const refreshed = refresh()
    if (!hasCurrentKeys() || (hasPassed(MAX_AGE, known?.at) && !isOutage)) await refreshed
  }
  /** Fetches again, at most once a minute, or waits for a fetch that is under way. Returns whether there was one. */
  async function refreshOutOfTurn(): Promise<boolean> {
    if (fetching === undefined) {
      const isTooSoon = known === undefined || !hasPassed(SECOND, known.at)
      if (isTooSoon || !hasPassed(RENEW_INTERVAL, renewedAt)) return false
      renewedAt = now()
    }
    await refresh()
    return true
  }
  function currentKeys(kid: string | undefined): KeyObject[] {
    const keys = known !== undefined && hasCurrentKeys() ? known.keys : []
    const exact = keys.filter((entry) => entry.kid === kid)
    return (exact.length > 0 ? exact : keys).map(({ key }) => key) // an unknown kid matches all keys, as in the original
  }
  const isUnknown = (kid: string | undefined): boolean =>
    kid !== undefined && known !== undefined && known.keys.every((entry) => entry.kid !== kid)

  return {
    async find(kid) {
      await ensureFresh()
      if (isUnknown(kid)) await refreshOutOfTurn()
      return hasCurrentKeys() || failure?.isAbsent === true ? currentKeys(kid) : 'unavailable'
    },
    async renew(kid) {
      const isFetched = await refreshOutOfTurn()
      if (isUnknown(kid) && failure !== undefined) return 'unavailable'
      return isFetched ? currentKeys(kid) : []
    },
    get hasKeys() {
      return hasCurrentKeys()
    },
    get failure() {
      return failure
    },
  }
}
