import type { Grant } from '../access-grants.ts'
import type { CloudEvent } from '../events/cloud-event.ts'

/** What a decision may depend on, of the caller. */
export interface Asker {
  /** The first of org, user, system user and organisation, as in the original (altinn-contract §3). */
  consumer: string
  /** In lower case. */
  scopes: Set<string>
  /** The number of its organisation. */
  organisation: string | undefined
  /** How well it was authenticated, 0 to 4. */
  level: number
}

/** A question about what no built-in rule permits. To `inspect` is to see who gets the events of a resource. */
export interface AccessQuestion {
  who: Asker
  action: Grant['action'] | 'inspect'
  /** A urn, which is not checked yet. */
  resource: string
  subject?: string | undefined
  /** Set where a refusal ends deliveries: then it must be certain. */
  endsDeliveries?: true
  /** The event that is to be published. */
  event?: Pick<CloudEvent, 'id' | 'type' | 'source' | 'resourceinstance'>
}

/** Answers such questions: the operator's grants do, or a policy decision point. */
export interface Access {
  decidedBy: 'grants' | 'policy'
  /** Throws a 503 when there is no decision. */
  isPermitted: (question: AccessQuestion) => Promise<boolean>
}
