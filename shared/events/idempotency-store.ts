import { createHash } from 'node:crypto'
import type { Database } from '@azure/cosmos'
import type { CloudEvent, Publisher } from './cloud-event.ts'
import { readDocument } from '../azure/documents.ts'
import { createDocument } from '../azure/create.ts'
import { Problem } from '../http/problem.ts'

/** The event that an idempotency key was first used for. */
interface IdempotencyDocument {
  v: 1
  id: string
  event: string
  resource: string
  subject: string
  hash: string
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * Returns the Idempotency-Key, if any; a UUID in lower case, since its case does not count (altinn-contract §8.5). Throws a
 * 400 unless it has 1 to 255 visible ASCII characters.
 */
export function idempotencyKeyOf(headers: Headers): string | undefined {
  const key = headers.get('idempotency-key')
  if (key === null) return undefined
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return uuid.test(key) ? key.toLowerCase() : key
  throw new Problem(400, 'The Idempotency-Key must be 1 to 255 visible ASCII characters.')
}

/** Stores idempotency keys for 48 hours, apart from the events, whose partition keys depend on the body. */
export function openIdempotencyStore(database: Database) {
  const container = database.container('requests')
  return {
    /**
     * Returns the event id of a key: that of `event` when the key is new, otherwise that of the first request. Throws a
     * 422 when the first request had another event. Returns undefined when the store does not confirm the write.
     */
    async reserve(
      publisher: Publisher,
      key: string,
      event: CloudEvent,
    ): Promise<string | undefined> {
      const { id: eventId, resource, subject } = event
      const id = sha256([publisher.org, publisher.app, key])
      const document = { v: 1, id, event: eventId, resource, subject, hash: hashOf(event) }
      const { outcome, session } = await createDocument(container, document)
      if (outcome === 'created') return eventId
      const first =
        outcome === 'exists' &&
        (await readDocument<IdempotencyDocument>(container, id, id, session))
      if (!first) return undefined
      if (first.hash !== document.hash)
        throw new Problem(422, 'This Idempotency-Key was used before, for another event.')
      return first.event
    },
  }
}

/** Hashes the publisher's members: all but `id` and `time`, which the app assigns. */
const hashOf = ({ id: _id, time: _time, ...content }: CloudEvent): string => sha256(content)

const sha256 = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex')
