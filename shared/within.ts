/**
 * Runs a call that must end within `ms`. It is given a signal and raced with it: the Cosmos SDK's look-up of a
 * container's partition key ignores signals (240 s were seen), and the storage SDK's time limits do not end a hang.
 */
export async function within<T>(
  ms: number,
  call: (abortSignal: AbortSignal) => Promise<T>,
): Promise<T> {
  const signal = AbortSignal.timeout(ms)
  const end = Promise.withResolvers<never>()
  const stop = () => end.reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([call(signal), end.promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
