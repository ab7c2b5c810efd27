import { connect, type Socket } from 'node:net'

const ATTEMPT_DELAY_MS = 250 // RFC 8305 §8
const MAX_ADDRESSES = 8 // a name may have hundreds of addresses

/**
 * Connects to the first address that accepts; rejects when all have failed, or with the signal's reason. The next address
 * joins in after 250 ms, or when one fails, and none is given up for it: Node.js gives each 250 ms and then only the next.
 */
export function connectToAny(
  addresses: string[],
  port: number,
  signal: AbortSignal,
): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const untried = addresses.slice(0, MAX_ADDRESSES)
  const open = new Set<Socket>()
  const errors: Error[] = []
  let timer: NodeJS.Timeout | undefined

  function tryNext(): void {
    clearTimeout(timer)
    const host = untried.shift()
    if (host !== undefined) attempt(host)
    else if (open.size === 0) end(() => reject(new AggregateError(errors)))
  }
  function attempt(host: string): void {
    const socket = connect({ host, port, noDelay: true })
    open.add(socket)
    socket.once('connect', () => {
      open.delete(socket)
      socket.removeAllListeners('error')
      end(() => resolve(socket))
    })
    socket.once('error', (error) => {
      open.delete(socket)
      errors.push(error)
      tryNext()
    })
    if (untried.length > 0) timer = setTimeout(tryNext, ATTEMPT_DELAY_MS)
  }
  function end(settle: () => void): void {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
    for (const socket of open) socket.removeAllListeners().destroy()
    settle()
  }
  const abort = () => end(() => reject(signal.reason))
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  else tryNext()
  return promise
}
