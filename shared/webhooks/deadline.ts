/** The end that a request is given from outside. An AbortController would be a tenth of what a request costs: 8 µs. */
export interface Deadline {
  /** Why it has ended. */
  reason?: Error
  /** Called when it ends; whoever waits for something sets it. */
  onEnd: (reason: Error) => void
}

/** Creates the deadlines of requests that have `timeoutMs` each. */
export function createDeadlines(timeoutMs: number) {
  const running = new Map<Deadline, NodeJS.Timeout>()

  function end(deadline: Deadline, reason: Error): void {
    stop(deadline)
    deadline.reason = reason
    deadline.onEnd(reason)
  }
  function stop(deadline: Deadline): void {
    clearTimeout(running.get(deadline))
    running.delete(deadline)
  }
  return {
    start(): Deadline {
      const deadline = { onEnd: () => {} }
      const timer = setTimeout(
        () => end(deadline, new DOMException(`No answer within ${timeoutMs} ms.`, 'TimeoutError')),
        timeoutMs,
      )
      running.set(deadline, timer)
      return deadline
    },
    /** Stops one that is not needed any more. */
    stop,
  }
}
