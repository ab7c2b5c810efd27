import Joi from 'joi'
import type { DeliveryDocument } from './deliveries/delivery.ts'
import { referenceTo, type EventReference, type StoredEvent } from './events/event-document.ts'

/** The one exception: an event that could not be stored travels whole. */
export interface SpilledEvent {
  v: 1
  spilled: StoredEvent
}
export type InboundMessage = EventReference | SpilledEvent

// What the SDK would not send on would come again until the host gives up, as if the store were at fault.
const sessionToken = Joi.string().pattern(/^[!-~]+$/) // goes into a header
const number = Joi.string().pattern(/^\d+$/)

const referenceMembers = {
  v: Joi.valid(1).required(),
  event: Joi.string().guid().required(),
  resource: Joi.string().required(),
  subject: Joi.string().required(),
  session: sessionToken,
  traceparent: Joi.string().required(),
}
const reference = Joi.object<EventReference>(referenceMembers).unknown()

const spilled = Joi.object<SpilledEvent>({
  v: Joi.valid(1).required(),
  spilled: Joi.object<StoredEvent>({
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
  return isSpilled ? attempt(message, spilled) : attempt(message, reference)
}

/** A delivery that is to be attempted: the event, the subscription's number, and the very attempt. */
export interface DeliveryReference extends EventReference {
  subscription: string
  /** Session token of the delivery's record, which is in another container than the event. */
  delivery?: string
  run: number
  attempt: number
}

/** The message that asks for a delivery's next attempt; the sessions are those of the writes it speaks of. */
export function deliveryReferenceTo(
  { id, resource, subject, traceparent, subscription, run, attempt }: DeliveryDocument,
  sessions: { event?: string | undefined; delivery?: string | undefined },
): DeliveryReference {
  return {
    ...referenceTo({ id, resource, subject, traceparent }, sessions.event),
    subscription,
    ...(sessions.delivery !== undefined && { delivery: sessions.delivery }),
    run,
    attempt,
  }
}

const deliveryReference = Joi.object<DeliveryReference>({
  subscription: number.required(),
  delivery: sessionToken,
  run: Joi.number().integer().required(),
  attempt: Joi.number().integer().required(),
}).concat(Joi.object(referenceMembers).unknown())

/** A subscription to be validated, by its full key, and the very attempt. */
export interface ValidationMessage {
  v: 1
  consumer: string
  subscription: string
  attempt: number
  session?: string
}
const validationMessage = Joi.object<ValidationMessage>({
  v: Joi.valid(1).required(),
  consumer: Joi.string().required(),
  subscription: Joi.string().hex().length(64).required(),
  attempt: Joi.number().integer().required(),
  session: sessionToken,
}).unknown()

/** Work on a subscription's backlog, or on what a deleted or disabled one leaves, for whoever has the lease of `token`. */
export interface DrainMessage {
  v: 1
  consumer: string
  subscription: string
  token: string
  /** The last event that the drain before has attempted: a replica may still show it. */
  after?: string
  session?: string
}
const drainMessage = Joi.object<DrainMessage>({
  v: Joi.valid(1).required(),
  consumer: Joi.string().required(),
  subscription: Joi.string().hex().length(64).required(),
  token: Joi.string().guid().required(),
  after: Joi.string().guid(),
  session: sessionToken,
}).unknown()

/** A replay whose next page is to be done. */
export interface ReplayMessage {
  v: 1
  subscription: string
  replay: string
}
const replayMessage = Joi.object<ReplayMessage>({
  v: Joi.valid(1).required(),
  subscription: number.required(),
  replay: Joi.string().guid().required(),
}).unknown()

/** As it is or not at all: a number that comes as a text is not from here. */
const attempt = <T>(message: unknown, schema: Joi.ObjectSchema<T>): T =>
  Joi.attempt(message, schema, { convert: false })

export const parseDeliveryReference = (message: unknown): DeliveryReference =>
  attempt(message, deliveryReference)
export const parseValidationMessage = (message: unknown): ValidationMessage =>
  attempt(message, validationMessage)
export const parseReplayMessage = (message: unknown): ReplayMessage =>
  attempt(message, replayMessage)
export const parseDrainMessage = (message: unknown): DrainMessage => attempt(message, drainMessage)
