import type { KeyState } from '../telemetry/health.ts'
import type { KeyFailure, KeySet } from './key-set.ts'

const LOG_INTERVAL_MS = 60_000
const MAX_ADDRESSES = 200

/** Takes every fetch of keys that failed. `hasKeys` says whether known keys go on serving. */
export type ReportKeyFailure = (address: string, failure: KeyFailure, hasKeys: boolean) => void

interface Outlets {
  /** Counts a failure. */
  count: (address: string, reason: string) => void
  /** Writes a line of the log. */
  write?: (line: string) => void
  /** Milliseconds of the epoch. */
  now?: () => number
}

/**
 * Counts every failure, and logs one a minute for each address. An issuer of whom the key server knows nothing is no
 * failure: such issuers share a line of their own, which no alert reads, since anybody can make them up.
 */
export function createKeyFailureReport({
  count,
  write = (line) => console.log(line), // not of one invocation: all who wait share the fetch
  now = Date.now,
}: Outlets): ReportKeyFailure {
  const loggedAt = new Map<string, number>()
  return (url, { reason, isAbsent, since }, hasKeys) => {
    const address = shownAddress(url)
    if (!isAbsent) count(address, reason)
    const what = isAbsent ? 'keys.unknown_issuer' : 'keys.failing'
    const last = loggedAt.get(what + address)
    if (last !== undefined && now() - last < LOG_INTERVAL_MS) return
    if (loggedAt.size >= MAX_ADDRESSES) loggedAt.clear()
    loggedAt.set(what + address, now())
    write(JSON.stringify({ what, address, reason, since: new Date(since).toISOString(), hasKeys }))
  }
}

/** Returns the state at an address: that of the key set there whose fetches fail, if any does. */
export function keyStateOf(url: string, keySets: KeySet[]): KeyState {
  const failing = keySets.filter(({ failure }) => failure?.isAbsent === false)
  const [worst = keySets.find(({ hasKeys }) => hasKeys)] = failing
  return {
    address: shownAddress(url),
    status: statusFor(worst?.failure),
    hasKeys: worst?.hasKeys ?? false,
  }
}

const statusFor = (failure: KeyFailure | undefined): string =>
  failure === undefined
    ? 'well'
    : `failing since ${new Date(failure.since).toISOString()}: ${failure.reason}`

/** Anybody may see an address without its query, which can hold a key. */
const shownAddress = (url: string): string => url.replace(/[?#].*$/, '')
