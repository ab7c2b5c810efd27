/**
 * Work that outlives its invocation: the answer of a slow subscriber. What it does is due in its record as well, so that a
 * process that ends, or a failure, costs a second attempt and no more; a rejection that nobody awaits would end the worker.
 */
export function createBackground() {
  const underWay = new Set<Promise<void>>()
  return {
    run(work: Promise<void>): void {
      const ended = work
        .catch((error: unknown) =>
          console.error(
            JSON.stringify({ what: 'failed', in: 'background', reason: String(error) }),
          ),
        )
        .finally(() => underWay.delete(ended))
      underWay.add(ended)
    },
    /** Ends when all that is under way has ended. */
    idle: async (): Promise<void> => void (await Promise.all(underWay)),
  }
}
