const LOG_INTERVAL_MS = 60_000

/** A service of others that decisions or numbers are asked of, as its answers show it. */
export interface ServiceState {
  /** A question has failed. */
  failed: (reason: string) => void
  /** A question was answered. */
  answered: () => void
  /** `well`, or since when and why questions fail. */
  status: () => string
}

interface Options {
  /** What the log line says: `access.failing`. */
  what: string
  /** Where it is asked; anybody may see it. */
  address: string
  /** Counts a failure. */
  count?: (reason: string) => void
  /** Writes a line of the log. */
  write?: (line: string) => void
  /** Milliseconds of the epoch. */
  now?: () => number
}

/** Keeps the state of a service for `GET /health`, counts every failure, and logs one a minute. */
export function createServiceState({
  what,
  address,
  count = () => {},
  write = (line) => console.log(line), // not of one invocation: all who wait share the question
  now = Date.now,
}: Options): ServiceState {
  let failure: { since: string; reason: string } | undefined
  let loggedAt = -Infinity
  return {
    failed(reason) {
      const since = failure?.since ?? new Date(now()).toISOString()
      failure = { since, reason }
      count(reason)
      if (now() - loggedAt < LOG_INTERVAL_MS) return
      loggedAt = now()
      write(JSON.stringify({ what, address, reason, since }))
    },
    answered() {
      failure = undefined
    },
    status: () =>
      failure === undefined ? 'well' : `failing since ${failure.since}: ${failure.reason}`,
  }
}
