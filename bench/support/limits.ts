/** Concurrent calls, the same for every contender. */
export const CONCURRENCY = 32

/** Short, so that the intervals that are compared see the same machine. */
export const INTERVAL_SECONDS = 1

/** Until V8 has compiled what is hot. */
export const WARM_UP_SECONDS = 4

/** The most documents and messages that an emulator is made to hold: with more it slows down. */
export const MAX_CALLS_PER_INTERVAL = 5000
