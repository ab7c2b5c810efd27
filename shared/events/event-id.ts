import { randomUUID } from 'node:crypto'

const COUNTS_PER_MS = 4096n // an id has 12 bits of counter within its millisecond
let lastTick = 0n

/**
 * Returns a new UUIDv7 (RFC 9562 §5.7, monotonic by method 3). Ids of one process ascend even when its clock steps back,
 * which randomUUIDv7 of node:crypto does not guarantee.
 */
export function newEventId(now = Date.now()): string {
  const random = randomUUID() // pooled by Node.js: randomBytes took 27 µs per event
  const fresh = BigInt(now) * COUNTS_PER_MS + BigInt(Number.parseInt(random.slice(0, 3), 16) >> 1)
  lastTick = fresh > lastTick ? fresh : lastTick + 1n
  const time = (lastTick / COUNTS_PER_MS).toString(16).padStart(12, '0')
  const count = (lastTick % COUNTS_PER_MS).toString(16).padStart(3, '0')
  const tail = random.slice(18) // version 4 has the variant and 62 random bits in the same place, RFC 9562 §5.4
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}${tail}`
}

/** Returns the time of a UUIDv7, which is also the `time` of its event. */
export function timeOf(id: string): Date {
  return new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16))
}

const MAX_TIMESTAMP = 2 ** 48 - 1 // an id has 48 bits of time, until the year 10889

/** Returns a bound for queries: ids made at `ms` of the epoch or later are greater, earlier ids are less. */
export function boundAt(ms: number): string {
  const time = Math.min(MAX_TIMESTAMP, Math.max(0, Math.floor(ms)))
    .toString(16)
    .padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-`
}
