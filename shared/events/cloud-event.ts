import type { EventDraft } from './event-draft.ts'
import { timeOf } from './event-id.ts'
import { instanceOf } from './source.ts'

/** The publishing app, which the platform access token identifies. */
export interface Publisher {
  org: string
  app: string
}

/**
 * A CloudEvent 1.0 as stored, read and delivered. A generic one (`POST /events`) has the members that its publisher gave,
 * extensions included.
 */
export interface CloudEvent {
  specversion: '1.0'
  id: string
  time?: string
  source: string
  subject?: string
  type: string
  resource: string
  resourceinstance?: string
  alternativesubject?: string
  dataschema?: string
  datacontenttype?: string
  data?: unknown
  data_base64?: string
}

/** An event of an app (`POST /app`), with its members in the original's order (altinn-contract §4.8). */
export type AppEvent = CloudEvent & { time: string; subject: string }

/** Returns the event of a valid draft. `id` is a UUIDv7; the event's `time` is the id's. */
export function newCloudEvent(draft: EventDraft, publisher: Publisher, id: string): AppEvent {
  const { type, source, subject, alternativesubject, dataschema, contenttype } = draft
  const resourceinstance = instanceOf(source)
  return {
    specversion: '1.0',
    id,
    time: timeOf(id).toISOString(),
    source,
    subject,
    type,
    resource: appResource(publisher),
    ...(resourceinstance !== undefined && { resourceinstance }),
    ...(alternativesubject !== undefined && { alternativesubject }),
    ...(dataschema !== undefined && { dataschema }),
    ...(contenttype !== undefined && { datacontenttype: contenttype }),
    ...dataOf(draft),
  }
}

/** One of the two (CloudEvents JSON format §3.1.1). */
function dataOf({ data, data_base64 }: EventDraft): Pick<CloudEvent, 'data' | 'data_base64'> {
  if (data !== undefined) return { data }
  return data_base64 === undefined ? {} : { data_base64 }
}

/** Matches the resource of any app, in any case. */
export const appResourcePattern = /^urn:altinn:resource:app_/i

/** Returns the resource of an app's events. It is unique: the name of an org has no underscore. */
export const appResource = ({ org, app }: Publisher): string =>
  `urn:altinn:resource:app_${org}_${app}`
