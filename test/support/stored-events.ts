import { randomUUID } from 'node:crypto'
import { exampleEvent } from '../../local/example.ts'
import type { AppEvent } from '../../shared/events/cloud-event.ts'
import { alternativeOf, type EventDocument } from '../../shared/events/event-document.ts'
import { boundAt } from '../../shared/events/event-id.ts'
import { storeAll } from './stored-items.ts'
import type { TestStores } from './stores.ts'

interface EventMembers {
  org?: string
  app?: string
  subject?: string
  alternativesubject?: string
  type?: string
  source?: string
  data?: unknown
}

/** An id as if it had been made at `ms` of the epoch. */
export function idAt(ms: number): string {
  const random = randomUUID() // version 4; the variant is the same
  return `${boundAt(ms)}7${random.slice(15)}`
}

/** What is stored of an event that was accepted at `ms` of the epoch and has been fanned out. */
export function documentAt(ms: number, said: EventMembers = {}): EventDocument {
  const { org = 'ttd', app = 'apps-test', ...members } = said
  const resource = `urn:altinn:resource:app_${org}_${app}`
  const source = `https://${org}.apps.altinn.no/${org}/${app}`
  const { specversion: _given, ...example } = exampleEvent
  const id = idAt(ms)
  const time = new Date(ms).toISOString()
  const event: AppEvent = {
    specversion: '1.0',
    id,
    time,
    ...example,
    source,
    resource,
    ...members,
  }
  const { subject, alternativesubject = '' } = event
  return {
    v: 1,
    id,
    resource,
    subject,
    ...(alternativesubject !== '' && { alternative: alternativeOf(alternativesubject) }),
    fanOut: { count: 0, at: time },
    traceparent: '00-4b54a6a0c9b74bf5afc5e917863f96fd-eb14b06c1f0c3cf8-01',
    event,
  }
}

/** Stores documents as they are, in no particular order. */
export const store = (stores: TestStores, documents: EventDocument[]): Promise<void> =>
  storeAll(stores, 'events', documents)

/** Stores so many events of an app, one a millisecond from half an hour ago on. Returns them in order. */
export async function storeEarlier(
  stores: TestStores,
  app: string,
  count: number,
  data?: string,
): Promise<EventDocument[]> {
  const began = Date.now() - 30 * 60_000
  const documents = Array.from({ length: count }, (_, index) =>
    documentAt(began + index, { app, ...(data !== undefined && { data }) }),
  )
  await store(stores, documents)
  return documents
}
