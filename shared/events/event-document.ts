import { hasRawNumber, parseLossless } from '../http/lossless-json.ts'
import type { CloudEvent } from './cloud-event.ts'

/** An event as it is stored: what Cosmos and the app need outside, the CloudEvent untouched inside. */
export interface EventDocument {
  v: 1
  /** A UUIDv7, also of the event of an app. */
  id: string
  resource: string
  /** Empty where the event has none. */
  subject: string
  alternative?: string
  /** Of a generic event: its publisher, such as /org/skd or the resource of the app, and the id that the publisher gave it. */
  publisher?: string
  eventId?: string
  /** Epoch seconds from which the sweep claims the event, unless its fan-out is done before. Absent when it is. */
  pending?: number
  /** How often the sweep has redriven it. */
  redrives?: number
  fanOut?: { count: number; at: string }
  /** The id of the copy that readers are given instead, where the event was stored too late for its own id. */
  late?: string
  /** In such a copy: the id of the event. */
  copyOf?: string
  /** The id of the event that this one repeats: nobody gets it or reads it. */
  duplicateOf?: string
  traceparent: string
  event: CloudEvent
}

/** Whether it is the event itself, not a copy for readers or a repetition, which nobody gets. */
export const isOriginal = (document: Pick<EventDocument, 'copyOf' | 'duplicateOf'>): boolean =>
  document.copyOf === undefined && document.duplicateOf === undefined

interface NewEvent {
  id: string
  event: CloudEvent
  /** Of a generic event. */
  publisher?: string | undefined
  traceparent: string
  /** Epoch seconds. */
  pending: number
}

/** Returns the document of a new event, which the sweep claims at `pending` unless it is fanned out before. */
export function newEventDocument(made: NewEvent): EventDocument {
  const { id, event, publisher, traceparent, pending } = made
  const { resource, subject = '', alternativesubject } = event
  return {
    v: 1,
    id,
    resource,
    subject,
    ...(alternativesubject !== undefined && { alternative: alternativeOf(alternativesubject) }),
    ...(publisher !== undefined && { publisher, eventId: event.id }),
    pending,
    traceparent,
    event,
  }
}

/** An event as Cosmos DB and messages keep it. Their numbers are doubles, so `data` with other numbers is JSON text. */
export type StoredEvent = EventDocument & { dataText?: string }

/** Returns the document to store. */
export function toStored(document: EventDocument): StoredEvent {
  const { data, ...event } = document.event
  return hasRawNumber(data) ? { ...document, event, dataText: JSON.stringify(data) } : document
}

/** Returns a stored document with its event as it was published. */
export function fromStored<T extends { event: CloudEvent }>(stored: T & { dataText?: string }): T {
  const { dataText } = stored
  if (dataText === undefined) return stored
  return {
    ...stored,
    dataText: undefined,
    event: { ...stored.event, data: parseLossless(dataText) },
  }
}

/** What a message speaks of: an event by its full key, with the session token of the write. */
export interface EventReference {
  v: 1
  event: string
  resource: string
  subject: string
  session?: string
  traceparent: string
}

/** The message that speaks of a stored event. */
export function referenceTo(
  { id: event, resource, subject, traceparent }: Omit<EventDocument, 'v' | 'event'>,
  session: string | undefined,
): EventReference {
  return { v: 1, event, resource, subject, ...(session !== undefined && { session }), traceparent }
}

/** A copy of an event's document under another id: for readers alone, nothing is fanned out from it. */
export function copyOf(document: EventDocument, id: string): EventDocument {
  const { v, id: original, resource, subject, alternative, publisher, eventId } = document
  const { traceparent, event } = document
  return {
    v,
    id,
    resource,
    subject,
    ...(alternative !== undefined && { alternative }),
    ...(publisher !== undefined && { publisher }),
    ...(eventId !== undefined && { eventId }),
    copyOf: original,
    traceparent,
    event,
  }
}

/** An alternative subject as it is compared: real clients write `/org/` for `/organisation/` (altinn-contract §1.4), or a urn. */
export const alternativeOf = (subject: string): string =>
  subject
    .replace(/^(?:\/org\/|urn:altinn:organization:identifier-no:)/, '/organisation/')
    .replace(/^urn:altinn:person:identifier-no:/, '/person/')
