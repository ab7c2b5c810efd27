import type {
  Filters,
  SubscriptionDocument,
  Tombstone,
} from '../../shared/subscriptions/subscription.ts'

export const VALIDATED = '2026-01-01T00:00:00.000Z'
export const RESOURCE = 'urn:altinn:resource:app_ttd_app'

type Given = Partial<Omit<SubscriptionDocument, 'filters' | 'validated'>> & {
  filters?: Partial<Filters>
  validated?: string | undefined
}

/** A subscription that has every event of the resource, unless it is said otherwise. */
export function subscription(number: number, given: Given = {}): SubscriptionDocument {
  const { filters, validated, ...others } = { validated: VALIDATED, ...given }
  return {
    v: 1,
    id: `document-${number}`,
    consumer: '/org/ttd',
    number,
    endpoint: 'https://example.com/hook',
    filters: { resource: RESOURCE, ...filters },
    createdBy: '/org/ttd',
    created: VALIDATED,
    ...(validated !== undefined && { validated }),
    secrets: [{ key: 'secret' }],
    ...others,
  }
}

export const tombstone = (number: number): Tombstone => ({
  v: 1,
  id: `document-${number}`,
  consumer: '/org/ttd',
  number,
  deleted: true,
  ttl: 86_400,
})
