import type { CloudEvent } from '../events/cloud-event.ts'
import {
  type EventDocument,
  newEventDocument,
  referenceTo,
  toStored,
} from '../events/event-document.ts'
import { nowSeconds } from '../clock.ts'
import { unconfirmedProblem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import { storeEvent } from './store-event.ts'

/** A valid request to publish. */
export interface Submission {
  /** Returns the event for a document with this id. */
  eventOf: (id: string) => CloudEvent
  /** Of a generic event. */
  publisher?: string
  idempotencyKey: string | undefined
  /** Whose idempotency key it is: the names of org and app, or the publisher. */
  owner: string[]
  traceparent: string
}

/** An accepted event: stored (with or without its message), known from an earlier request, or spilled to the queue. */
export interface Accepted {
  document: EventDocument
  how: 'stored' | 'stored, not pushed' | 'known' | 'spilled'
}

/**
 * Stores an event and sends its message to fan-out. While the store is unavailable, an event that fits goes through the
 * queue alone. Throws a 503 when neither is confirmed, or a 422 when the idempotency key belongs to another event.
 */
export async function acceptEvent(services: Services, submission: Submission): Promise<Accepted> {
  const { document, isRepeat } = await assignId(services, submission)
  const { outcome, session } = await storeEvent(services, document)
  if (outcome === 'exists' && isRepeat) return { document, how: 'known' } // pushed by the first request, or by the sweep
  if (outcome !== 'unconfirmed') {
    const pushed = await succeeds(services.inboundQueue.push(referenceTo(document, session)))
    return { document, how: pushed ? 'stored' : 'stored, not pushed' } // the sweep pushes it again
  }
  if (submission.idempotencyKey === undefined && (await spill(services, document)))
    return { document, how: 'spilled' }
  throw unconfirmedProblem('event')
}

/** Returns the event's document, with the id of an earlier request with the same idempotency key, if any. */
async function assignId(services: Services, submission: Submission) {
  const { idempotencyKey, owner } = submission
  const document = documentOf(services, submission, services.newEventId())
  if (idempotencyKey === undefined) return { document, isRepeat: false }
  const id = await services.idempotency.reserve(owner, idempotencyKey, document)
  if (id === undefined) throw unconfirmedProblem('event')
  return { document: documentOf(services, submission, id), isRepeat: id !== document.id }
}

function documentOf({ clock, config }: Services, submission: Submission, id: string) {
  const { eventOf, publisher, traceparent } = submission
  const pending = nowSeconds(clock) + config.repairAfterSeconds
  return newEventDocument({ id, event: eventOf(id), publisher, traceparent, pending })
}

/**
 * Spills an event that fits to the queue, like the original, which queues every event: deployed clients never retry.
 */
async function spill({ inboundQueue }: Services, document: EventDocument): Promise<boolean> {
  const message = { v: 1 as const, spilled: toStored(document) }
  if (!inboundQueue.fits(message)) return false
  return (await succeeds(inboundQueue.push(message))) || succeeds(inboundQueue.push(message))
}

const succeeds = (work: Promise<void>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  )
