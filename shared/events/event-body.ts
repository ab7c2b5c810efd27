import type { Stored } from '../azure/documents.ts'
import type { CloudEvent } from './cloud-event.ts'
import type { EventDocument } from './event-document.ts'

/**
 * Returns an event as its subscribers are sent it. They share it: 64 texts of 1.9 MB would be 120 MB, and connections copy
 * texts, but not bytes.
 */
export const bodyOf = (event: object): Buffer => Buffer.from(JSON.stringify(event))

/** An event to deliver: its body, and its document without the data, which takes many times its text when it is parsed. */
export interface EventWithBody {
  event: Stored<EventDocument>
  body: Buffer
}

/** Returns what delivering an event needs of it. */
export function withBody(stored: Stored<EventDocument>): EventWithBody {
  return { event: { ...stored, event: withoutData(stored.event) }, body: bodyOf(stored.event) }
}

function withoutData({ data: _data, data_base64: _base64, ...attributes }: CloudEvent): CloudEvent {
  return attributes
}
