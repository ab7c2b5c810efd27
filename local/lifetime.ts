/**
 * Runs a program of the local stack: `start` gives how to stop. SIGINT, SIGTERM and the end of the parent process stop
 * it in order, also while it is still starting; a failed start is one line and exit 1.
 */
export async function runUntilStopped(start: () => Promise<() => Promise<void>>): Promise<void> {
  const told = untilToldToStop()
  try {
    const stop = await start()
    await told
    await stop()
    process.exit(0)
  } catch (error) {
    fail(error)
  }
}

/** npm may be killed without a word to its children (SIGKILL): hence the look at who the parent is. */
function untilToldToStop(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  process.on('SIGINT', resolve).on('SIGTERM', resolve)
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && resolve(), 250).unref()
  return promise
}

/** Ends a program with one clear line. */
export function fail(error: unknown): never {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
}
