/** Concurrent calls of every contender. */
export const CONCURRENCY = 32

/** Short, so that the machine is in the same state in the intervals that are compared. */
export const INTERVAL_SECONDS = 1

/** Enough for V8 to compile the hot code. */
export const WARM_UP_SECONDS = 4

/** The most documents and messages in an emulator, which slows down with more. */
export const MAX_CALLS_PER_INTERVAL = 5000
