import type { DeliveryState } from '../deliveries/delivery.ts'

/** An event and what has become of it, as the API shows it to the owner of its resource. */
export interface EventStatus {
  event: { id: string; type: string; source: string; subject?: string }
  accepted: string
  traceparent: string
  fannedOut?: { at: string; subscribers: number }
  deliveries: EventDelivery[]
}

/** Its delivery to one subscription. */
export interface EventDelivery {
  subscription: number
  consumer: string
  state: DeliveryState
  attempts: number
  reason?: string
  due?: string
}

/** Returns the address of an event's page. */
export const eventPage = (resource: string, id: string): string =>
  `event?${new URLSearchParams({ resource, id })}`

/** Returns where the API has an event: those of apps at their app, all others by their resource. */
export function eventAddress(resource: string, id: string): string {
  const [, org, app] = /^urn:altinn:resource:app_([^_]+)_(.+)$/.exec(resource) ?? []
  return org === undefined || app === undefined
    ? `events/${encodeURIComponent(id)}?resource=${encodeURIComponent(resource)}`
    : `app/${encodeURIComponent(org)}/${encodeURIComponent(app)}/${encodeURIComponent(id)}`
}
