import { type CloudEvent, newCloudEvent, type Publisher } from '../events/cloud-event.ts'
import {
  type EventDocument,
  newEventDocument,
  referenceTo,
  toStored,
} from '../events/event-document.ts'
import type { EventDraft } from '../events/event-draft.ts'
import { nowSeconds } from '../clock.ts'
import { unconfirmedProblem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import { storeEvent } from './store-event.ts'

/** A valid request to publish. */
export interface Submission {
  draft: EventDraft
  publisher: Publisher
  idempotencyKey: string | undefined
  traceparent: string
}

/** An accepted event: stored (with or without its message), known from an earlier request, or spilled to the queue. */
export interface Accepted {
  event: CloudEvent
  how: 'stored' | 'stored, not pushed' | 'known' | 'spilled'
}

/**
 * Stores an event and sends its message to fan-out. While the store is unavailable, an event that fits goes through the
 * queue alone. Throws a 503 when neither is confirmed, or a 422 when the idempotency key belongs to another event.
 */
export async function acceptEvent(services: Services, submission: Submission): Promise<Accepted> {
  const { event, isRepeat } = await assignId(services, submission)
  const document = newEventDocument(
    event,
    submission.traceparent,
    nowSeconds(services.clock) + services.config.repairAfterSeconds,
  )
  const { outcome, session } = await storeEvent(services, document)
  if (outcome === 'exists' && isRepeat) return { event, how: 'known' } // pushed by the first request, or by the sweep
  if (outcome !== 'unconfirmed') {
    const pushed = await succeeds(services.inboundQueue.push(referenceTo(document, session)))
    return { event, how: pushed ? 'stored' : 'stored, not pushed' } // the sweep pushes it again
  }
  if (submission.idempotencyKey === undefined && (await spill(services, document)))
    return { event, how: 'spilled' }
  throw unconfirmedProblem('event')
}

/** Returns the event, with the id of an earlier request with the same idempotency key, if any. */
async function assignId({ idempotency, newEventId }: Services, submission: Submission) {
  const { draft, publisher, idempotencyKey } = submission
  const event = newCloudEvent(draft, publisher, newEventId())
  if (idempotencyKey === undefined) return { event, isRepeat: false }
  const id = await idempotency.reserve(publisher, idempotencyKey, event)
  if (id === undefined) throw unconfirmedProblem('event')
  return { event: newCloudEvent(draft, publisher, id), isRepeat: id !== event.id }
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
