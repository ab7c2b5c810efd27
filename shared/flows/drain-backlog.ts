import type { Stored } from '../azure/documents.ts'
import { forEachConcurrently } from '../azure/concurrency.ts'
import type { DeliveryDocument } from '../deliveries/delivery.ts'
import type { Services } from '../services.ts'
import {
  afterProbes,
  afterSuccess,
  closed,
  closing,
  RECHECK_SECONDS,
  disabled,
  FAILURE_THRESHOLD,
  leaseOf,
  reopened,
  withDrain,
  type Circuit,
} from '../subscriptions/circuit-breaker.ts'
import { attemptPage, type PageResult } from './attempt-page.ts'
import type { DrainLease } from './drain-lease.ts'
import { storeOutcome } from './store-outcome.ts'

const PAGE = 100
const CONCURRENCY = 16

/** A drain at work. */
export interface Drain {
  services: Services
  lease: DrainLease
  /** Epoch milliseconds after which no attempt begins. */
  endMs: number
  /** The last event attempted, so that a lagging replica's old records are not attempted twice; '' starts over. */
  after: string
  /** Whether it began after failed probes: those deliveries are still in the backlog, as its oldest. */
  hasSkipped: boolean
}

/**
 * Attempts the next deliveries of the backlog: the circuit's number of probes when it is half-open, else a page. Opens
 * the circuit again when every probe failed, or five deliveries in a row. Failed probes then stay in the backlog and
 * use no step of their retry schedule; other failures follow their own schedules.
 */
export async function attemptBacklog(
  drain: Drain,
  circuit: Circuit & { state: 'half-open' | 'draining' },
): Promise<void> {
  const { services, lease } = drain
  const isProbe = circuit.state === 'half-open'
  const page = await backlogOf(drain, drain.after, isProbe ? circuit.probes : PAGE)
  if (page.length === 0) return restartOrClose(drain, isProbe)
  const mostFailuresInARow = isProbe ? Infinity : FAILURE_THRESHOLD
  const limits = { services, subscription: lease.subscription(), endMs: drain.endMs }
  const result = await attemptPage({ ...limits, maxConsecutiveFailures: mostFailuresInARow }, page)
  if (result.lastAttempted !== '') drain.after = result.lastAttempted
  const hasFailed = isProbe
    ? result.delivered === 0 && result.failed.length > 0
    : result.consecutiveFailures >= FAILURE_THRESHOLD
  await storeFailures(services, result, isProbe && hasFailed)
  if (result.gone !== undefined) await disable(drain, result.gone)
  else if (hasFailed) await open(drain, result)
  else if (result.delivered > 0) await advance(lease)
}

const backlogOf = (
  { services, lease }: Drain,
  after: string,
  count: number,
): Promise<Stored<DeliveryDocument>[]> =>
  services.deliveries.page(String(lease.subscription().number), 'backlog', after, count)

/**
 * Handles the end of the backlog. Probes start over, and so does a drain that skipped some deliveries. Otherwise the
 * circuit is closing, and later checks look for deliveries that a writer with an old index added meanwhile.
 */
async function restartOrClose(drain: Drain, isProbe: boolean): Promise<void> {
  const { lease } = drain
  const isEnd = drain.after !== ''
  drain.after = ''
  if (isEnd && (isProbe || drain.hasSkipped)) {
    if (!isProbe) drain.hasSkipped = false
    return
  }
  const isClosing = await lease.change((circuit) =>
    circuit.state === 'half-open' || circuit.state === 'draining' ? closing(circuit) : circuit,
  )
  if (isClosing) await lease.handOver(RECHECK_SECONDS[0])
}

const storeFailures = (
  services: Services,
  { failed }: PageResult,
  isProbe: boolean,
): Promise<void> =>
  forEachConcurrently(failed, CONCURRENCY, async ({ delivery, attempted }) => {
    await storeOutcome(services, delivery, attempted, isProbe)
  })

async function disable({ services, lease }: Drain, reason: string): Promise<void> {
  const now = services.clock.now()
  await lease.change((circuit) => disabled(reason, now, leaseOf(circuit)?.token ?? ''))
}

async function open({ services, lease, after }: Drain, { failed }: PageResult): Promise<void> {
  const outcomes = failed.map(({ attempted }) => attempted.outcome)
  const failures = outcomes.filter((outcome) => outcome.kind === 'failed')
  const waitSeconds = Math.max(0, ...failures.map((failure) => failure.waitSeconds))
  const reason = failures.at(-1)?.reason ?? ''
  await lease.open((circuit, token) =>
    reopened(circuit, { reason, waitSeconds }, services.clock.now(), token, after),
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

/** Checks an empty backlog again. Closes the circuit after the last check, or drains what it finds. */
export async function recheckBacklog(
  drain: Drain,
  { looks }: Circuit & { state: 'closing' },
): Promise<void> {
  const { services, lease } = drain
  const [found] = await backlogOf(drain, '', 1)
  const next = RECHECK_SECONDS[looks + 1]
  await lease.change((circuit) => {
    if (circuit.state !== 'closing') return circuit
    if (found !== undefined) return withDrain(circuit, services.clock.now(), circuit.lease.token)
    return next === undefined ? closed(circuit) : { ...circuit, looks: looks + 1 }
  })
  if (found === undefined && next !== undefined) await lease.handOver(next)
}
