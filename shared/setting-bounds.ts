// The bounds of settings, and times that follow from them, which other code counts on.

/** The time a write may take before its last try begins, in ms. */
export const WRITE_BUDGET_MS = 10_000

/**
 * Readers page forward by id, and an id precedes the write of its event, which may take the whole write budget. So readers
 * see no event younger than READ_HOLDBACK_SECONDS. The 5 s above the write budget: 2 for its last try, 1 from the id to
 * the write, 2 for clock skew and replication lag.
 */
export const MIN_READ_WATERMARK_SECONDS = WRITE_BUDGET_MS / 1000 + 5

/** The most queues that events can be spread over. */
export const MAX_INBOUND_QUEUES = 32

/** The largest event: an item of Cosmos DB has 2 MB, a little of which is not the event. */
export const MAX_EVENT_BYTES = 1_900_000

/** For how long events are kept, and so at most what has arrived. */
export const EVENT_RETENTION_DAYS = 90
export const MIN_RETENTION_DAYS = 1

export const MAX_DELIVERY_TIMEOUT_SECONDS = 60
