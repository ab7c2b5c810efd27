/** A subscription as the API shows it to its owner; `counts` and `latest` where one is read. */
export interface Subscription {
  id: number
  endPoint: string
  resourceFilter: string
  sourceFilter?: string
  subjectFilter?: string
  alternativeSubjectFilter?: string
  typeFilter?: string
  maxPerSecond?: number
  ordered?: boolean
  includeSubunits: boolean
  consumer: string
  createdBy: string
  created: string
  validated: boolean
  validationFailure?: { reason: string; at: string }
  circuit: Circuit
  counts?: { waiting: string; dead: string }
  latest?: { event: string; state: 'delivered' | 'dead'; at: string }
}

/** Whether events are sent at once, and arrive. */
export const isWell = ({ circuit }: Subscription): boolean =>
  circuit.state === 'closed' && circuit.failingSince === undefined

/** How deliveries to the endpoint go. */
interface Circuit {
  state: 'closed' | 'half-open' | 'draining' | 'open' | 'paused' | 'disabled'
  failingSince?: string
  until?: string
  since?: string
  reason?: string
}
