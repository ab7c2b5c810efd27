/**
 * Runs a program of the local stack; `start` returns what stops it. SIGINT, SIGTERM and the end of the parent process stop
 * it in order, also while it is still starting. A start that fails prints one line and exits with 1.
 */
export async function runUntilStopped(start: () => Promise<() => Promise<void>>): Promise<void> {
  const requested = stopRequested()
  try {
    const stop = await start()
    await requested
    await stop()
    process.exit(0)
  } catch (error) {
    fail(error)
  }
}

/** Resolves when the program must stop. npm can be killed (SIGKILL) without telling its children, so the parent is watched. */
function stopRequested(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  process.on('SIGINT', resolve).on('SIGTERM', resolve)
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && resolve(), 250).unref()
  return promise
}

/** Prints the message of an error and ends the program with exit code 1. */
export function fail(error: unknown): never {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
}
