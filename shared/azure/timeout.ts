/**
 * Runs a call that must end within `ms`. It is given a signal and raced with it: the Cosmos SDK's look-up of a
 * container's partition key ignores signals (240 s were seen), and the storage SDK's time limits do not end a hang.
 * An AbortSignal.timeout costs five times as much, and stays in memory until its time has come.
 */
export async function withTimeout<T>(
  ms: number,
  call: (abortSignal: AbortSignal) => Promise<T>,
): Promise<T> {
  const end = Promise.withResolvers<never>()
  const controller = new AbortController()
  const timer = setTimeout(() => {
    const reason = new DOMException(`It took longer than ${ms} ms.`, 'TimeoutError')
    end.reject(reason)
    controller.abort(reason)
  }, ms)
  try {
    return await Promise.race([call(controller.signal), end.promise])
  } finally {
    clearTimeout(timer)
  }
}
