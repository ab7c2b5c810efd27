import { randomUUID } from 'node:crypto'

const COUNTS_PER_MS = 4096n // 12 bits of an id count within its millisecond
let lastTick = 0n

/**
 * A new UUIDv7 (RFC 9562 §5.7, monotonic by method 3). Ids of one process ascend, even when its clock steps back;
 * node:crypto's own randomUUIDv7 does not promise that.
 */
export function newEventId(now = Date.now()): string {
  const random = randomUUID() // from Node.js's pool: a call of randomBytes took 27 µs of an event
  const fresh = BigInt(now) * COUNTS_PER_MS + BigInt(Number.parseInt(random.slice(0, 3), 16) >> 1)
  lastTick = fresh > lastTick ? fresh : lastTick + 1n
  const time = (lastTick / COUNTS_PER_MS).toString(16).padStart(12, '0')
  const count = (lastTick % COUNTS_PER_MS).toString(16).padStart(3, '0')
  const tail = random.slice(18) // the variant and 62 random bits are in the same place as in a UUIDv7, RFC 9562 §5.4
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}${tail}`
}

/** The moment a UUIDv7 was made: id and `time` of an event come from this one clock reading. */
export function timeOf(id: string): Date {
  return new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16))
}

const MAX_TIMESTAMP = 2 ** 48 - 1 // an id has 48 bits for its time: until the year 10889

/** What every id of a moment and later is greater than, and every earlier one less: a bound for queries. */
export function boundAt(ms: number): string {
  const time = Math.min(MAX_TIMESTAMP, Math.max(0, Math.floor(ms)))
    .toString(16)
    .padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-`
}
