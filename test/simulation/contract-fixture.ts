import { newCloudEvent } from '../../shared/events/cloud-event.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import type { Services } from '../../shared/services.ts'

/** The stores under test. */
export interface StoresUnderTest {
  stores: Pick<Services, 'events' | 'deliveries' | 'orders' | 'subscriptions' | 'replays'>
  /** Runs a call to its end: simulated stores need virtual time to pass. */
  runCall: <T>(call: Promise<T>) => Promise<T>
}

export const RESOURCE = 'urn:altinn:resource:app_ttd_app'
export const id = (index: number) => `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`

export function eventDocument(index: number, pending?: number): EventDocument {
  const publisher = { org: 'ttd', app: 'app' }
  const draft = { type: 'created', source: 'https://ttd.example.org/ttd/app', subject: '/party/1' }
  return {
    v: 1,
    id: id(index),
    resource: RESOURCE,
    subject: '/party/1',
    ...(pending !== undefined && { pending }),
    traceparent: '00-1-1-01',
    event: newCloudEvent({ ...draft, specversion: '1.0' }, publisher, id(index)),
  }
}
