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

/**
 * Returns a parser of messages, which throws when one is invalid. Its schema is made with the first: all of them are a tenth of
 * registering, and no request needs one. Without conversion: the app sends no number as a text.
 */
function parserOf<T>(createSchema: () => Joi.ObjectSchema<T>): (message: unknown) => T {
  let schema: Joi.ObjectSchema<T> | undefined
  return (message) => Joi.attempt(message, (schema ??= createSchema()), { convert: false })
}

// The SDK throws on other tokens, and the host would retry the message as if the store were at fault.
const sessionToken = () => Joi.string().pattern(/^[!-~]+$/) // goes into a header
const number = () => Joi.string().pattern(/^\d+$/)

const reference = () =>
  Joi.object<EventReference>({
    v: Joi.valid(1).required(),
    event: Joi.string().guid().required(),
    resource: Joi.string().required(),
    subject: Joi.string().allow('').required(), // an event may have none
    session: sessionToken(),
    traceparent: Joi.string().required(),
  }).unknown()
const parseReference = parserOf(reference)

const parseSpilled = parserOf(() =>
  Joi.object<SpilledEvent>({
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
  }),
)

/** Parses a message of events-inbound (the library has parsed its JSON). Throws when it is invalid. */
export function parseInboundMessage(message: unknown): InboundMessage {
  const isSpilled = typeof message === 'object' && message !== null && 'spilled' in message
  return isSpilled ? parseSpilled(message) : parseReference(message)
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

export const parseDeliveryReference = parserOf<DeliveryReference>(() =>
  Joi.object({
    subscription: number().required(),
    delivery: sessionToken(),
    run: Joi.number().integer().required(),
    attempt: Joi.number().integer().required(),
  }).concat(reference()),
)

const subscriptionKey = () => ({
  v: Joi.valid(1).required(),
  consumer: Joi.string().required(),
  subscription: Joi.string().hex().length(64).required(),
  session: sessionToken(),
})

/** A subscription to validate, by its key, and the attempt. */
export interface ValidationMessage {
  v: 1
  consumer: string
  subscription: string
  attempt: number
  session?: string
}
export const parseValidationMessage = parserOf<ValidationMessage>(() =>
  Joi.object({
    ...subscriptionKey(),
    attempt: Joi.number().integer().required(),
  }).unknown(),
)

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
export const parseDrainMessage = parserOf<DrainMessage>(() =>
  Joi.object({
    ...subscriptionKey(),
    token: Joi.string().guid().required(),
    after: Joi.string().guid(),
    waited: Joi.number().min(0),
  }).unknown(),
)

/** A replay whose next page is due. */
export interface ReplayMessage {
  v: 1
  subscription: string
  replay: string
}
export const parseReplayMessage = parserOf<ReplayMessage>(() =>
  Joi.object({
    v: Joi.valid(1).required(),
    subscription: number().required(),
    replay: Joi.string().guid().required(),
  }).unknown(),
)
