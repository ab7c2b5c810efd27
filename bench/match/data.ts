import { createHash } from 'node:crypto'
import type { AppEvent } from '../../shared/events/cloud-event.ts'
import type { Filters, SubscriptionDocument } from '../../shared/subscriptions/subscription.ts'

const types = ['created', 'completed', 'deleted', 'process.movedTo.task_1']

/** A third of the resources are no app's: their subscriptions have neither a source nor an alternative subject. */
const isGeneric = (number: number, resources: number): boolean => (number % resources) % 3 === 0

/** 60 % by resource (half of them with its source), 20 % also by type, 10 % by subject, 10 % by alternative subject. */
function filtersOf(number: number, resources: number): Filters {
  const app = number % resources
  const kind = Math.floor(number / resources + number * 0.618) % 10
  if (isGeneric(number, resources)) return genericFiltersOf(number, app, kind)
  const filters = { resource: `urn:altinn:resource:app_ttd_app-${app}` }
  if (kind < 3) return filters
  if (kind < 6) return { ...filters, source: `https://ttd.apps.altinn.no/ttd/app-${app}` }
  if (kind < 8) return { ...filters, type: `app.instance.${types[number % types.length]}` }
  if (kind < 9) return { ...filters, subject: `/party/${50_000_000 + number}` }
  return { ...filters, alternative: `/org/${910_000_000 + number}` }
}

/** 60 % by resource, 20 % also by type, 20 % by a subject that is a urn. */
function genericFiltersOf(number: number, register: number, kind: number): Filters {
  const filters = { resource: `urn:altinn:resource:register-${register}` }
  if (kind < 6) return filters
  if (kind < 8) return { ...filters, type: `register.${types[number % types.length]}` }
  const subject = `urn:altinn:organization:identifier-no:${910_000_000 + number}`
  return { ...filters, subject }
}

export function documentOf(number: number, resources: number): SubscriptionDocument {
  const [consumer, created] = [`/org/consumer-${number % 50}`, '2026-01-01T00:00:00.000Z']
  return {
    v: 1,
    id: createHash('sha256').update(String(number)).digest('hex'),
    consumer,
    number,
    endpoint: `https://subscriber-${number}.example.com/events`,
    filters: filtersOf(number, resources),
    createdBy: consumer,
    created,
    validated: created,
    secrets: [{ key: `whsec_${createHash('sha256').update(`${number}`).digest('base64')}` }],
  }
}

/** Returns an event that matches the subscription `number`, its stored alternative subject, and the key of the Map. */
export function eventFor(number: number, resources: number) {
  const { resource, subject, alternative, type } = filtersOf(number, resources)
  const app = number % resources
  const organisation = alternative?.replace('/org/', '/organisation/')
  const other = isGeneric(number, resources) ? undefined : `/person/${number}`
  const event: AppEvent = {
    specversion: '1.0',
    id: '019c0000-0000-7000-8000-000000000000',
    time: '2026-02-01T00:00:00.000Z',
    source: `https://ttd.apps.altinn.no/ttd/app-${app}/instances/500${number}/428a4575-2c04-4400-89a3-1aaadd2579cd`,
    subject: subject ?? `/party/${number}`,
    type: type ?? 'app.instance.process.completed',
    resource,
  }
  const accepted = Date.parse(event.time) // a fan-out has it from the id
  return { event, alternative: organisation ?? other, accepted, key: keyOf(number) }
}
export type MatchInput = ReturnType<typeof eventFor>

// Copies as a process reads them from the store or a queue: they share no string, and have no cached hash.
export const freshEvent = (text: string): MatchInput => JSON.parse(text)
export const freshDocument = (text: string): SubscriptionDocument => JSON.parse(text)

export const keyOf = (number: number): string => `urn:altinn:subscription:${number}`
