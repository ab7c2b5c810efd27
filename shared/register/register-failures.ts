const LOG_INTERVAL_MS = 60_000

interface Outlets {
  /** Writes a line of the log. */
  write?: (line: string) => void
  /** Milliseconds of the epoch. */
  now?: () => number
}

/** Returns a function that logs why a question to the register failed, at most once a minute. */
export function createRegisterFailureReport(
  address: string,
  { write = (line) => console.log(line), now = Date.now }: Outlets = {}, // not of one invocation: all who wait share the question
) {
  let loggedAt: number | undefined
  return (reason: string): void => {
    if (loggedAt !== undefined && now() - loggedAt < LOG_INTERVAL_MS) return
    loggedAt = now()
    write(JSON.stringify({ what: 'register.failing', address, reason }))
  }
}
