const LOG_INTERVAL_MS = 10_000

/**
 * Returns `count`, which counts a delivery by its new state, and `flush`, which logs the counts.
 * One line in 10 s carries the counts: a line for each delivery would cost more than the delivery.
 */
export function createDeliveryCounts(
  write: (line: string) => void, // not of one invocation: all share the counts
  intervalMs = LOG_INTERVAL_MS,
) {
  let counts: Record<string, number> = {}
  let timer: NodeJS.Timeout | undefined
  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    if (Object.keys(counts).length > 0)
      write(JSON.stringify({ what: 'deliveries.recorded', ...none, ...counts }))
    counts = {}
  }
  return {
    count(state: string): void {
      counts[state] = (counts[state] ?? 0) + 1
      timer ??= setTimeout(flush, intervalMs).unref()
    },
    flush,
  }
}

/** The states that queries read are in every line. */
const none = { delivered: 0, waiting: 0, backlog: 0, dead: 0 }
