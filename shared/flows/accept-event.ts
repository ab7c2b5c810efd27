import { type CloudEvent, newCloudEvent, type Publisher } from '../events/cloud-event.ts'
import { type EventDocument, newEventDocument, referenceTo } from '../events/event-document.ts'
import type { EventDraft } from '../events/event-draft.ts'
import { newEventId } from '../events/event-id.ts'
import { unconfirmed } from '../http/problem.ts'
import type { Services } from '../services.ts'
import { storeEvent } from './store-event.ts'

/** A publisher's wish, checked. */
export interface Submission {
  draft: EventDraft
  publisher: Publisher
  idempotencyKey: string | undefined
  traceparent: string
}

/** Where an accepted event is: stored (and whether its message was sent too), there before, or travelling whole by the queue. */
export interface Accepted {
  event: CloudEvent
  how: 'stored' | 'stored, not pushed' | 'known' | 'spilled'
}

/**
 * Makes a submission durable: stored, then pushed to fan-out. While the store cannot be reached, an event that fits goes
 * by the queue alone. 503 where neither is confirmed, 422 where the idempotency key stands for another event.
 */
export async function acceptEvent(services: Services, submission: Submission): Promise<Accepted> {
  const { event, isRepeat } = await assignId(services, submission)
  const document = newEventDocument(
    event,
    submission.traceparent,
    services.config.repairAfterSeconds,
  )
  const { outcome, session } = await storeEvent(services, document)
  if (outcome === 'exists' && isRepeat) return { event, how: 'known' } // pushed by the first request, or by the sweep
  if (outcome !== 'unconfirmed') {
    const pushed = await succeeds(services.inboundQueue.push(referenceTo(document, session)))
    return { event, how: pushed ? 'stored' : 'stored, not pushed' } // the sweep pushes it again
  }
  if (submission.idempotencyKey === undefined && (await spill(services, document)))
    return { event, how: 'spilled' }
  throw unconfirmed('event')
}

/** The event, under the id that its idempotency key already stands for, if any: then this is a repeat. */
async function assignId({ idempotency: requests }: Services, submission: Submission) {
  const { draft, publisher, idempotencyKey } = submission
  const event = newCloudEvent(draft, publisher, newEventId())
  if (idempotencyKey === undefined) return { event, isRepeat: false }
  const id = await requests.reserve(publisher, idempotencyKey, event)
  if (id === undefined) throw unconfirmed('event')
  return { event: newCloudEvent(draft, publisher, id), isRepeat: id !== event.id }
}

/** The original puts every event on a queue first and its deployed clients never retry: so a small one is not refused. */
async function spill({ inboundQueue }: Services, document: EventDocument): Promise<boolean> {
  const message = { v: 1 as const, spilled: document }
  if (!inboundQueue.fits(message)) return false
  return (await succeeds(inboundQueue.push(message))) || succeeds(inboundQueue.push(message))
}

const succeeds = (work: Promise<void>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  )
