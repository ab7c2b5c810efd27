import Joi from 'joi'
import type { DeliveryDocument } from './deliveries/delivery.ts'
import { referenceTo, type EventReference, type StoredEvent } from './events/event-document.ts'

/** A spilled event: the store was unavailable, so the message has the whole event. */
export interface SpilledEvent {
  v: 1
  spilled: StoredEvent
}
export type InboundMessage = EventReference | SpilledEvent

/**
 * Returns the key that chooses the queue of an inbound message. A spilled event has none and goes to the first queue: it is in
 * no store, and nobody may listen to the others any more.
 */
export const shardKeyOf = (message: InboundMessage): string | undefined =>
  'spilled' in message ? undefined : JSON.stringify([message.resource, message.subject])

// The SDK throws on other tokens, and the host would retry the message as if the store were at fault.
const sessionToken = Joi.string().pattern(/^[!-~]+$/) // goes into a header
const number = Joi.string().pattern(/^\d+$/)

const referenceMembers = {
  v: Joi.valid(1).required(),
  event: Joi.string().guid().required(),
  resource: Joi.string().required(),
  subject: Joi.string().allow('').required(), // an event may have none
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
    subject: Joi.string().allow('').required(),
    event: Joi.object().required(),
  })
    .unknown()
    .required(),
})

/** Parses a message of events-inbound (the library has parsed its JSON). Throws when it is invalid. */
export function parseInboundMessage(message: unknown): InboundMessage {
  const isSpilled = typeof message === 'object' && message !== null && 'spilled' in message
  return isSpilled ? attempt(message, spilled) : attempt(message, reference)
}

/** A delivery to attempt: the event, the number of the subscription, the run and the attempt. */
export interface DeliveryReference extends EventReference {
  subscription: string
  /** Session token of the delivery's record, which is in another container than the event. */
  delivery?: string
  run: number
  attempt: number
}

/** Returns the message for the next attempt of a delivery, with the session tokens of the writes. */
export function deliveryReferenceTo(
  {
    id,
    resource,
    subject,
    traceparent,
    subscription,
    run,
    attempt,
  }: Pick<
    DeliveryDocument,
    'id' | 'resource' | 'subject' | 'traceparent' | 'subscription' | 'run' | 'attempt'
  >,
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

/** A subscription to validate, by its key, and the attempt. */
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

/** Work on the backlog of a subscription, or on what a deleted or disabled one leaves, for the lease with `token`. */
export interface DrainMessage {
  v: 1
  consumer: string
  subscription: string
  token: string
  /** The last event that the previous drain attempted: a lagging replica may still show it. */
  after?: string
  /** The seconds that the previous drain waited for what was not to be seen. */
  waited?: number
  session?: string
}
const drainMessage = Joi.object<DrainMessage>({
  v: Joi.valid(1).required(),
  consumer: Joi.string().required(),
  subscription: Joi.string().hex().length(64).required(),
  token: Joi.string().guid().required(),
  after: Joi.string().guid(),
  waited: Joi.number().min(0),
  session: sessionToken,
}).unknown()

/** A replay whose next page is due. */
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

/** Without conversion: the app sends no number as a text. */
const attempt = <T>(message: unknown, schema: Joi.ObjectSchema<T>): T =>
  Joi.attempt(message, schema, { convert: false })

export const parseDeliveryReference = (message: unknown): DeliveryReference =>
  attempt(message, deliveryReference)
export const parseValidationMessage = (message: unknown): ValidationMessage =>
  attempt(message, validationMessage)
export const parseReplayMessage = (message: unknown): ReplayMessage =>
  attempt(message, replayMessage)
export const parseDrainMessage = (message: unknown): DrainMessage => attempt(message, drainMessage)
