import { forEachConcurrently, runSequentially } from '../azure/concurrency.ts'
import type { Services } from '../services.ts'
import {
  afterProbes,
  afterSuccess,
  disabled,
  FAILURE_THRESHOLD,
  leaseOf,
  reopened,
  type Circuit,
} from '../subscriptions/circuit-breaker.ts'
import { afterFailures } from '../subscriptions/disabled.ts'
import { attemptNext, attemptNextInOrder } from './attempt-next.ts'
import { storeInPage, type PageResult } from './attempt-page.ts'
import type { DrainLease } from './drain-lease.ts'
import { startOver, type Drain } from './drain-state.ts'

const CONCURRENCY = 16

/**
 * Attempts the next deliveries of the backlog: the circuit's number of probes when it is half-open, else a page. Opens
 * the circuit again when every probe failed, or five deliveries in a row. Failed probes then stay in the backlog and
 * use no step of their retry schedule; other failures follow their own schedules.
 */
export async function attemptBacklog(
  drain: Drain,
  circuit: Circuit & { state: 'half-open' | 'draining' },
): Promise<void> {
  const isProbe = circuit.state === 'half-open'
  const probes = isProbe ? circuit.probes : undefined
  const result = drain.pass
    ? await attemptNextInOrder(drain, drain.pass, probes)
    : await attemptNext(drain, probes)
  if (result === undefined) return
  const { services, lease } = drain
  const hasFailed = isProbe
    ? result.delivered === 0 && result.failed.length > 0
    : result.consecutiveFailures >= FAILURE_THRESHOLD
  await runSequentially([
    () => storeFailures(services, result, isProbe && hasFailed),
    // Also if an outcome could not be stored.
    () => {
      lease.wrote(result.written)
      return changeState(drain, result, hasFailed)
    },
  ])
  if (result.error !== undefined) throw result.error
}

async function changeState(drain: Drain, result: PageResult, hasFailed: boolean): Promise<void> {
  const { lease } = drain
  if (result.gone !== undefined) await disable(drain, result.gone)
  else if (hasFailed) await open(drain, result)
  else if (result.delivered > 0) {
    const wasProbing = lease.circuit()?.state === 'half-open'
    await advance(lease)
    if (wasProbing && lease.circuit()?.state === 'draining') {
      startOver(drain) // failed probes are the oldest
      drain.newest = ''
    }
  } else if (result.failed.length > 0) await noteFailures(drain)
}

/**
 * Notes failures where fewer than five in a row are. Since when a subscription fails is noted where drains make every attempt: of
 * a few subjects, or a few deliveries a second, five seldom fail in a row. Elsewhere first attempts note it.
 */
async function noteFailures({ services, lease, pass, rateLimit }: Drain): Promise<void> {
  const isByDrainsAlone = pass !== undefined || rateLimit !== undefined
  const failing = (circuit: Circuit) => afterFailures(circuit, services.clock.now())
  const circuit = lease.circuit()
  if (circuit === undefined || failing(circuit) === circuit) return
  if (isByDrainsAlone || 'failingSince' in circuit) await lease.change(failing)
}

const storeFailures = (services: Services, result: PageResult, isProbe: boolean): Promise<void> =>
  forEachConcurrently(result.failed, CONCURRENCY, ({ delivery, attempted }) =>
    storeInPage(services, result, delivery, attempted, isProbe),
  )

async function disable({ services, lease }: Drain, reason: string): Promise<void> {
  const now = services.clock.now()
  await lease.change((circuit) => disabled(reason, now, leaseOf(circuit)?.token ?? ''))
}

async function open(
  { services, lease, after }: Drain,
  { failed, delivered }: PageResult,
): Promise<void> {
  const outcomes = failed.map(({ attempted }) => attempted.outcome)
  const failures = outcomes.filter((outcome) => outcome.kind === 'failed')
  const waitSeconds = Math.max(0, ...failures.map((failure) => failure.waitSeconds))
  const reason = failures.at(-1)?.reason ?? ''
  const before = (circuit: Circuit) => (delivered > 0 && afterSuccess(circuit)) || circuit
  await lease.open((circuit, token) =>
    reopened(before(circuit), { reason, waitSeconds }, services.clock.now(), token, after),
  )
  services.telemetry.recordOpening()
}

/** Advances the circuit after a success: more probes, or no longer failing. */
async function advance(lease: DrainLease): Promise<void> {
  const next = (circuit: Circuit) =>
    circuit.state === 'half-open' ? afterProbes(circuit) : (afterSuccess(circuit) ?? circuit)
  const circuit = lease.circuit()
  if (circuit !== undefined && next(circuit) !== circuit) await lease.change(next)
}
