import type { SubscriptionDocument } from './subscription.ts'

/** Returns a subscription as the API shows it: the original's members (altinn-contract §5.3) and its health. */
export function subscriptionResource({
  filters,
  validation,
  ...subscription
}: SubscriptionDocument) {
  const {
    number,
    endpoint,
    consumer,
    createdBy,
    created,
    validated,
    disabled,
    failingSince,
    pausedUntil,
  } = subscription
  return {
    id: number,
    endPoint: endpoint,
    sourceFilter: filters.source ?? null,
    subjectFilter: filters.subject ?? null,
    resourceFilter: filters.resource,
    alternativeSubjectFilter: filters.alternative ?? null,
    typeFilter: filters.type ?? null,
    includeSubunits: false,
    consumer,
    createdBy,
    created,
    validated: validated !== undefined,
    ...(validation?.failure !== undefined && {
      validationFailure: { reason: validation.failure, at: validation.failedAt },
    }),
    ...(failingSince !== undefined && { failingSince }),
    ...(pausedUntil !== undefined && { pausedUntil: new Date(pausedUntil * 1000).toISOString() }),
    ...(disabled !== undefined && { disabled: { reason: disabled.reason, since: disabled.since } }),
  }
}
