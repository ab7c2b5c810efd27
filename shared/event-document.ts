import type { CloudEvent } from './cloud-event.ts'

/** An event as it is stored: what Cosmos and the app need outside, the CloudEvent untouched inside. */
export interface EventDocument {
  v: 1
  id: string
  resource: string
  subject: string
  alternative?: string
  /** Epoch seconds from which the sweep takes the event, unless its fan-out is done before. Absent when it is. */
  pending?: number
  /** How often the sweep has taken it. */
  rescues?: number
  fanOut?: { count: number; at: string }
  traceparent: string
  event: CloudEvent
}

/** The document of a new event, which is due for repair in `repairAfterSeconds`. */
export function newEventDocument(
  event: CloudEvent,
  traceparent: string,
  repairAfterSeconds: number,
): EventDocument {
  const { id, resource, subject, alternativesubject } = event
  return {
    v: 1,
    id,
    resource,
    subject,
    ...(alternativesubject !== undefined && { alternative: alternativeOf(alternativesubject) }),
    pending: Math.floor(Date.now() / 1000) + repairAfterSeconds,
    traceparent,
    event,
  }
}

/** Real clients write `/org/` where the documentation says `/organisation/`: both mean the same (altinn-contract §1.4). */
export const alternativeOf = (subject: string): string =>
  subject.replace(/^\/org\//, '/organisation/')
