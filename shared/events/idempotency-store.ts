import { createHash } from 'node:crypto'
import type { Database } from '@azure/cosmos'
import type { CloudEvent } from './cloud-event.ts'
import type { EventDocument } from './event-document.ts'
import { readDocument } from '../azure/documents.ts'
import { createDocument } from '../azure/create.ts'
import { Problem } from '../http/problem.ts'

/** The event that an idempotency key, or the name of a generic event, was first used for. */
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

/** Stores idempotency keys and names for 48 hours, apart from the events, whose partition keys depend on the body. */
export function openIdempotencyStore(database: Database) {
  const container = database.container('requests')

  async function createOrRead(
    id: string,
    { id: event, resource, subject }: EventDocument,
    hash: string,
  ) {
    const document: IdempotencyDocument = { v: 1, id, event, resource, subject, hash }
    const { outcome, session } = await createDocument(container, document)
    if (outcome === 'created') return document
    if (outcome === 'unconfirmed') return undefined
    return readDocument<IdempotencyDocument>(container, id, id, session)
  }

  return {
    /**
     * Returns the document id of a key: that of `document` when the key is new, otherwise that of the first request.
     * `owner` is whose key it is. Throws a 422 when the first request had another event. Returns undefined when the store
     * does not confirm the write.
     */
    async reserve(
      owner: string[],
      key: string,
      document: EventDocument,
    ): Promise<string | undefined> {
      const hash = hashOf(document.event)
      const first = await createOrRead(sha256([...owner, key]), document, hash)
      if (first === undefined || first.hash === hash) return first?.event
      throw new Problem(422, 'This Idempotency-Key was used before, for another event.')
    },

    /**
     * Returns the document id of the first event with this publisher, source and id, which name an event (CloudEvents
     * 1.0 §3.1.1): that of `document` itself, unless it repeats an earlier one. Undefined when the store does not confirm
     * the write.
     */
    async reserveName(document: EventDocument, publisher: string): Promise<string | undefined> {
      const { source, id } = document.event
      const name = sha256([publisher, source, id, 'event'])
      return (await createOrRead(name, document, ''))?.event
    },
  }
}

/** Hashes the publisher's members: all but `id` and `time`, which the app assigns. */
const hashOf = ({ id: _id, time: _time, ...content }: CloudEvent): string => sha256(content)

const sha256 = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex')
