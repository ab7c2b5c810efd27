import type { Circuit, Failure } from '../../shared/subscriptions/circuit-breaker.ts'

export const SECOND = 1_800_000_000
export const NOW = SECOND * 1000
export const SINCE = new Date(NOW - 3_600_000).toISOString()
export const FIVE_DAYS_MS = 5 * 86_400_000
export const lease = { token: 'old', until: SECOND + 7 }
export const leased = { token: 'new', until: SECOND + 30 } // as a circuit that is changed now gets it

export const failing: Circuit & { state: 'closed' } = {
  state: 'closed',
  opens: 2,
  failingSince: SINCE,
}
export const open: Circuit & { state: 'open' } = {
  state: 'open',
  opens: 2,
  failingSince: SINCE,
  reason: 'answered 500',
  lease,
}
export const probing = (probes: 3 | 10 | 100): Circuit & { state: 'half-open' } => ({
  state: 'half-open',
  opens: 2,
  failingSince: SINCE,
  probes,
  lease,
})
export const draining: Circuit & { state: 'draining' } = { state: 'draining', opens: 2, lease }
export const closingNow: Circuit & { state: 'closing' } = {
  state: 'closing',
  opens: 2,
  checks: 0,
  lease,
}
export const off: Circuit & { state: 'disabled' } = {
  state: 'disabled',
  reason: '410',
  since: SINCE,
  lease,
}
export const ended: Circuit & { state: 'disabled' } = {
  state: 'disabled',
  reason: '410',
  since: SINCE,
}

export const failure = (given: Partial<Failure> = {}): Failure => ({
  reason: 'answered 503',
  waitSeconds: 0,
  consecutiveFailures: 1,
  hasNoRecentSuccess: false,
  ...given,
})
