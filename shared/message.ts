import Joi from 'joi'
import type { EventDocument } from './event-document.ts'

/** What a message speaks of: an event by its full key, with the session token of the write. */
export interface EventReference {
  v: 1
  event: string
  resource: string
  subject: string
  session?: string
  traceparent: string
}

/** The one exception: an event that could not be stored travels whole. */
interface SpilledEvent {
  v: 1
  spilled: EventDocument
}
export type InboundMessage = EventReference | SpilledEvent

const reference = Joi.object<EventReference>({
  v: Joi.valid(1).required(),
  event: Joi.string().guid().required(),
  resource: Joi.string().required(),
  subject: Joi.string().required(),
  session: Joi.string(),
  traceparent: Joi.string().required(),
}).unknown()

const spilled = Joi.object<SpilledEvent>({
  v: Joi.valid(1).required(),
  spilled: Joi.object<EventDocument>({
    v: Joi.valid(1).required(),
    id: Joi.string().guid().required(),
    resource: Joi.string().required(),
    subject: Joi.string().required(),
    event: Joi.object().required(),
  })
    .unknown()
    .required(),
})

/** The message that a queue handed over (already parsed by the library where it was JSON). Throws saying why it is none. */
export function parseInboundMessage(message: unknown): InboundMessage {
  const isSpilled = typeof message === 'object' && message !== null && 'spilled' in message
  return isSpilled ? Joi.attempt(message, spilled) : Joi.attempt(message, reference)
}

/** The message that speaks of a stored event. */
export function referenceTo(
  { id: event, resource, subject, traceparent }: Omit<EventDocument, 'v' | 'event'>,
  session: string | undefined,
): EventReference {
  return { v: 1, event, resource, subject, ...(session !== undefined && { session }), traceparent }
}
