import type { EventDraft } from './event-draft.ts'
import { timeOf } from './event-id.ts'
import { instanceOf } from './source.ts'

/** The app that publishes: who the platform access token speaks for. */
export interface Publisher {
  org: string
  app: string
}

/** A CloudEvent 1.0 as it is stored, read and delivered; members in the original's order (altinn-contract §4.8). */
export interface CloudEvent {
  specversion: '1.0'
  id: string
  time: string
  source: string
  subject: string
  type: string
  resource: string
  resourceinstance?: string
  alternativesubject?: string
  dataschema?: string
  datacontenttype?: string
  data?: unknown
}

/** The event that a checked draft becomes: `id` is a UUIDv7 and gives the `time`. */
export function newCloudEvent(draft: EventDraft, publisher: Publisher, id: string): CloudEvent {
  const { type, source, subject, alternativesubject, dataschema, contenttype, data } = draft
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
    ...(data !== undefined && { data }),
  }
}

/** The resource that an app's events are filed under. The name of an org has no underscore, so no two apps share one. */
export const appResource = ({ org, app }: Publisher): string =>
  `urn:altinn:resource:app_${org}_${app}`
