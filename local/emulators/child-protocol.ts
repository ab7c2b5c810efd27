/**
 * Ends this process with its parent. The IPC channel closes however the parent went, SIGKILL
 * included; stdin would not do, because in the background it is /dev/null and ends at once.
 */
export function endWithParent(): void {
  // `connected` is there only with a channel; false if the parent went while this file was loading.
  if ('connected' in process && !process.connected) process.exit(0)
  process.once('disconnect', () => process.exit(0))
  process.channel?.unref()
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0))
}

/** Prints the ports for the parent, in one line. */
export function announce(ports: Record<string, number>): void {
  console.log(`READY ${JSON.stringify(ports)}`)
}

/** Prints for the parent, in one line, why the child cannot start, and exits. */
export function fail(error: unknown): never {
  console.log(`FAILED ${reasonOf(error)}`)
  process.exit(1)
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (!('code' in error) || error.code !== 'EADDRINUSE' || !('port' in error)) return error.message
  return `port ${String(error.port)} is already in use`
}
