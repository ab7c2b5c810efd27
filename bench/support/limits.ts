/** Concurrent calls, the same for every contender. */
export const CONCURRENCY = 32

/** Short, so that compared intervals see the same state of the machine. */
export const INTERVAL_SECONDS = 1

/** Until V8 has compiled the hot code. */
export const WARM_UP_SECONDS = 4

/** The most documents and messages in an emulator, which slows down with more. */
export const MAX_CALLS_PER_INTERVAL = 5000
