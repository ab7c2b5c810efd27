import type { Stored } from '../azure/documents.ts'
import { forEachConcurrently, runSequentially } from '../azure/concurrency.ts'
import type { DeliveryDocument } from '../deliveries/delivery.ts'
import type { Services } from '../services.ts'
import {
  afterFailures,
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
import { attemptInOrder, freeOf, newPass, type Pass } from './attempt-in-order.ts'
import { attemptPage, type PageResult } from './attempt-page.ts'
import type { DrainLease } from './drain-lease.ts'
import type { RateLimit } from './rate-limit.ts'
import { storeOutcome } from './store-outcome.ts'

const PAGE = 100
const CONCURRENCY = 16
const UNSURE_SECONDS = 5 // until an ordered subscription that waits for what is not to be seen is tried again
const BLOCKED_RECHECK_SECONDS = 600 // of one that waits for a retry, which wakes it itself

/** The life of a drain's cursor: longer than a replica lags. What joined the backlog behind it then has its turn. */
export const CURSOR_MS = 15_000

/** A drain at work. */
export interface Drain {
  services: Services
  lease: DrainLease
  /** Epoch milliseconds after which no attempt begins. */
  endMs: number
  /** The last event attempted, so that a lagging replica's old records are not attempted twice; '' starts over. */
  after: string
  /** Epoch milliseconds until which a replica may show what other processes delivered. Pages then begin with the oldest. */
  afterUntilMs: number
  /** Until then, epoch milliseconds, a replica may show what the drain before has delivered, if there was one. */
  lagsUntilMs: number
  /** The newest event attempted, by this drain or the one before: the cursor of the next. */
  newest: string
  /** What this drain has attempted while it drains: a replica may show that again. */
  attempted: Set<string>
  /** Of a subscription with a rate limit. */
  rateLimit: RateLimit | undefined
  /** Of an ordered subscription. It needs no cursor, since each attempt proves first that what was read is current. */
  pass: Pass | undefined
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
  const isProbe = circuit.state === 'half-open'
  const probes = isProbe ? circuit.probes : undefined
  const result = drain.pass
    ? await attemptNextInOrder(drain, drain.pass, probes)
    : await attemptNext(drain, probes)
  if (result === undefined) return
  const { services } = drain
  const hasFailed = isProbe
    ? result.delivered === 0 && result.failed.length > 0
    : result.consecutiveFailures >= FAILURE_THRESHOLD
  await runSequentially([
    () => storeFailures(services, result, isProbe && hasFailed),
    () => changeState(drain, result, hasFailed), // also if an outcome could not be stored
  ])
  if (result.error !== undefined) throw result.error
}

/** Attempts the next page, or so many probes. Returns undefined at the end of the backlog, once that is handled. */
async function attemptNext(
  drain: Drain,
  probes: number | undefined,
): Promise<PageResult | undefined> {
  const { services } = drain
  const isProbe = probes !== undefined
  if (!isProbe && services.clock.now() >= drain.afterUntilMs) startOver(drain)
  const found = await backlogOf(drain, drain.after, probes ?? PAGE)
  const page = isProbe ? found : found.filter((each) => !drain.attempted.has(keyOf(each)))
  if (page.length === 0) return void (await restartOrClose(drain, isProbe))
  const untilMs = isProbe || drain.after === '' ? Infinity : drain.afterUntilMs
  const result = await attemptPage(limitsOf(drain, isProbe, untilMs), page)
  drain.after = result.attempted.at(-1)?.id ?? drain.after
  if (drain.after > drain.newest) drain.newest = drain.after
  if (!isProbe) for (const each of result.attempted) drain.attempted.add(keyOf(each))
  return result
}

/** As `attemptNext`, for an ordered subscription: of each subject one at a time, and probes of different subjects. */
async function attemptNextInOrder(
  drain: Drain,
  pass: Pass,
  probes: number | undefined,
): Promise<PageResult | undefined> {
  const found = await backlogOf(drain, drain.after, PAGE)
  const last = found.at(-1)
  if (last === undefined) return void (await endPass(drain, pass))
  const limits = limitsOf(drain, probes !== undefined, Infinity)
  if (probes === undefined) {
    drain.after = last.id
    return attemptInOrder(limits, pass, found)
  }
  const page = await freeOf(drain.services, pass, found, probes)
  drain.after = page.at(-1)?.id ?? last.id
  return attemptInOrder(limits, pass, page)
}

/** Begins another pass where that may find more, or hands over, or has the circuit closing. */
async function endPass(drain: Drain, { hasMore, isUnsure }: Pass): Promise<void> {
  if (hasMore) startOver(drain)
  else if (isUnsure) await drain.lease.handOver(UNSURE_SECONDS)
  else await closeCircuit(drain)
}

const limitsOf = (
  { services, lease, rateLimit, endMs }: Drain,
  isProbe: boolean,
  untilMs: number,
) => ({
  services,
  subscription: lease.subscription(),
  rateLimit,
  endMs: Math.min(endMs, untilMs),
  maxConsecutiveFailures: isProbe ? Infinity : FAILURE_THRESHOLD,
})

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
  } else if (drain.pass !== undefined && result.failed.length > 0) await noteFailures(drain)
}

/** Notes since when an ordered subscription fails: what stands first of a few subjects seldom fails five times in a row. */
async function noteFailures({ services, lease }: Drain): Promise<void> {
  const failing = (circuit: Circuit) => afterFailures(circuit, services.clock.now())
  const circuit = lease.circuit()
  if (circuit !== undefined && failing(circuit) !== circuit) await lease.change(failing)
}

const keyOf = ({ id, run, attempt }: DeliveryDocument): string => `${id} ${run} ${attempt}`

function startOver(drain: Drain): void {
  drain.after = ''
  if (drain.pass !== undefined) drain.pass = newPass(drain.lease.subscription(), '')
  drain.afterUntilMs = drain.services.clock.now() + CURSOR_MS
}

const backlogOf = (
  { services, lease }: Drain,
  after: string,
  count: number,
): Promise<Stored<DeliveryDocument>[]> =>
  services.deliveries.page(String(lease.subscription().number), 'backlog', after, count)

/**
 * Handles the end of the backlog. Starts over where there may be more: probes have skipped those that failed, and others
 * have joined behind the cursor meanwhile, which is needed no more once no replica shows what the drain before delivered.
 * Otherwise the circuit is closing, and later checks look for deliveries that a writer with an old index added meanwhile.
 */
async function restartOrClose(drain: Drain, isProbe: boolean): Promise<void> {
  const { services, after } = drain
  if (after !== '' && (isProbe || services.clock.now() >= drain.lagsUntilMs)) {
    drain.after = ''
    return
  }
  await closeCircuit(drain)
}

async function closeCircuit({ lease, newest }: Drain): Promise<void> {
  const isClosing = await lease.change((circuit) =>
    circuit.state === 'half-open' || circuit.state === 'draining' ? closing(circuit) : circuit,
  )
  if (isClosing) await lease.handOver(RECHECK_SECONDS[0], newest)
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

/** Checks an empty backlog again. Closes the circuit after the last check, or drains what it finds. */
export async function recheckBacklog(
  drain: Drain,
  { looks }: Circuit & { state: 'closing' },
): Promise<void> {
  const { services, lease, pass } = drain
  // The first check goes by the cursor: a replica may still show what this drain's predecessor delivered.
  const after = looks === 0 ? drain.after : ''
  const left = pass ? await lookInOrder(drain, pass) : await look(drain, after)
  const next =
    RECHECK_SECONDS[looks + 1] ?? (left === 'blocked' ? BLOCKED_RECHECK_SECONDS : undefined)
  await lease.change((circuit) => {
    if (circuit.state !== 'closing') return circuit
    if (left === 'work') return withDrain(circuit, services.clock.now(), circuit.lease.token)
    return next === undefined ? closed(circuit) : { ...circuit, looks: looks + 1 }
  })
  if (left !== 'work' && next !== undefined) await lease.handOver(next)
}

/** What is left in a backlog: work, only what waits behind retries (`blocked`), or nothing. */
type Left = 'work' | 'blocked' | 'nothing'

async function look(drain: Drain, after: string): Promise<Left> {
  const [found] = await backlogOf(drain, after, 1)
  return found === undefined ? 'nothing' : 'work'
}

async function lookInOrder(drain: Drain, pass: Pass): Promise<Left> {
  for (let after = ''; ;) {
    const page = await backlogOf(drain, after, PAGE)
    const last = page.at(-1)
    if (last === undefined) return after === '' ? 'nothing' : 'blocked'
    const free = await freeOf(drain.services, pass, page, 1)
    if (free.length > 0 || pass.isUnsure) {
      startOver(drain)
      return 'work'
    }
    after = last.id
  }
}
