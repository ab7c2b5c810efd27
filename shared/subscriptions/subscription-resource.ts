import type { Circuit } from './circuit-breaker.ts'
import type { SubscriptionEntry } from './subscription.ts'
import type { SubscriptionDocument } from './subscription.ts'

/** Returns a subscription as the API shows it: the original's members that have a value (altinn-contract §5.3), and its health. */
export function subscriptionResource({
  filters,
  validation,
  ...subscription
}: SubscriptionDocument) {
  const { source, subject, resource, alternative, type, includeSubunits } = filters
  const { number, endpoint, consumer, createdBy, created, validated, circuit } = subscription
  const { maxPerSecond, ordered } = subscription
  return {
    id: number,
    endPoint: endpoint,
    ...(source !== undefined && { sourceFilter: source }),
    ...(subject !== undefined && { subjectFilter: subject }),
    resourceFilter: resource,
    ...(alternative !== undefined && { alternativeSubjectFilter: alternative }),
    ...(type !== undefined && { typeFilter: type }),
    includeSubunits: includeSubunits === true,
    ...(maxPerSecond !== undefined && { maxPerSecond }),
    ...(ordered !== undefined && { ordered }),
    consumer,
    createdBy,
    created,
    validated: validated !== undefined,
    ...(validation?.failure !== undefined && {
      validationFailure: { reason: validation.failure, at: validation.failedAt },
    }),
    circuit: circuitResource(circuit),
  }
}

/** Returns a subscription as the owner of its resource sees it: no secrets, and an endpoint without its query. */
export function subscriberResource(entry: SubscriptionEntry) {
  const { number, consumer, endpoint, source, subject, alternative, type, validated } = entry
  const { includeSubunits, maxPerSecond, ordered } = entry
  const { origin, pathname } = new URL(endpoint)
  return {
    id: number,
    consumer,
    endPoint: origin + pathname,
    ...(source !== undefined && { sourceFilter: source }),
    ...(subject !== undefined && { subjectFilter: subject }),
    ...(alternative !== undefined && { alternativeSubjectFilter: alternative }),
    ...(type !== undefined && { typeFilter: type }),
    includeSubunits,
    ...(maxPerSecond !== undefined && { maxPerSecond }),
    ...(ordered !== undefined && { ordered }),
    validated: validated !== undefined,
    circuit: circuitResource(entry.circuit),
  }
}

/** Returns a circuit as the API shows it: state, since when and why, and when the next probe is due or the pause ends, in ISO times. */
function circuitResource(circuit: Circuit | undefined) {
  if (circuit === undefined) return { state: 'closed' }
  const { state } = circuit
  if (state === 'disabled') return { state, since: circuit.since, reason: circuit.reason }
  if (state === 'paused')
    return { state, since: circuit.since, until: endOf(circuit), reason: 'paused by its owner' }
  const { failingSince } = circuit
  return {
    state: state === 'closing' ? 'closed' : state,
    ...(failingSince !== undefined && { failingSince }),
    ...(state === 'open' && {
      reason: circuit.reason,
      until: endOf(circuit),
    }),
  }
}

const endOf = ({ lease }: Circuit & { state: 'open' | 'paused' }): string =>
  new Date(lease.until * 1000).toISOString()
