/**
 * Runs a program of the local stack: `start` gives how to stop. SIGINT, SIGTERM and the end of the parent process stop
 * it in order; a failed start is one line and exit 1.
 */
export async function runUntilStopped(start: () => Promise<() => Promise<void>>): Promise<void> {
  try {
    const stop = await start()
    whenToldToStop(() => void stop().then(() => process.exit(0), fail))
  } catch (error) {
    fail(error)
  }
}

/** npm may be killed without a word to its children (SIGKILL): hence the look at who the parent is. */
function whenToldToStop(stop: () => void): void {
  let told = false
  const once = () => {
    if (told) return
    told = true
    stop()
  }
  process.on('SIGINT', once).on('SIGTERM', once)
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && once(), 250).unref()
}

/** Ends a program with one clear line. */
export function fail(error: unknown): never {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
}
