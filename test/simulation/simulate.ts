import { createInvariants, MAX_SKEW_MS } from './invariants.ts'
import { startClients } from './clients.ts'
import { createCluster } from './cluster.ts'
import { watchOrder } from './order-invariants.ts'
import { brokenPauses, sentInPause } from './pause-invariants.ts'
import type { Plan } from './plan.ts'
import { createTimeline } from './timeline.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** How long recovery takes after the last fault: at most a `Retry-After` of a day and the longest retry step. */
const MAX_RECOVERY_MS = 40 * HOUR
/** How long until deliveries to a permanently failing endpoint are given up: five days, or the retry schedule. */
const MAX_GIVE_UP_MS = 8 * 24 * HOUR
/** A claim made during the faults lasts for up to an hour. */
const MAX_CLAIM_MS = 75 * MINUTE
const MAX_OVERDUE_MS = 150 * SECOND // 60 s, a sweep, the message, the attempt
const CHECK_MS = 10 * MINUTE

export interface Result {
  /** The first violations, or none. */
  violations: string[]
  trace: string[]
  steps: number
  virtualMs: number
  calls: { store: number; sent: number }
  requests: number
  accepted: number
}

/** Runs a plan, and checks the invariants during the run and at its end. */
export async function simulate(plan: Plan, tracedLines = 0): Promise<Result> {
  const cluster = createCluster(plan, tracedLines > 0)
  const { scheduler, containers, trace, calls } = cluster
  const timeline = createTimeline(containers.subscriptions, scheduler.now)
  const { accepted, subscriptions } = startClients(cluster, plan)
  const outOfOrder = watchOrder(cluster, timeline, accepted, plan)
  const invariants = createInvariants(cluster, timeline, accepted, subscriptions)
  const isFaultless = plan.faults.length === 0 && plan.incidents.length === 0
  const recoveredAt = isFaultless ? 0 : plan.faultsEndAt + MAX_CLAIM_MS
  const hasPermanentFailure = plan.subscribers.some(({ behaviours }) => {
    const last = behaviours.at(-1)
    return last !== undefined && last.kind !== 'healthy'
  })
  const end = plan.faultsEndAt + (hasPermanentFailure ? MAX_GIVE_UP_MS : MAX_RECOVERY_MS)
  const violations: string[] = []
  let suspects = new Set<string>()

  const isLagBounded = plan.replicaLagMs === 0
  while (violations.length === 0 && scheduler.now() < end) {
    const hasRecovered = scheduler.now() >= recoveredAt
    await scheduler.run(
      Math.min(end, scheduler.now() + checkIntervalMs(scheduler.now(), plan.faultsEndAt)),
    )
    if (hasRecovered && isLagBounded) violations.push(...invariants.overdueWork(MAX_OVERDUE_MS))
    // Work without a due time counts at the second check in a row: at the first, a write may be in progress.
    const found = new Set(isLagBounded ? invariants.workWithoutDueTime() : [])
    violations.push(...[...found].filter((each) => suspects.has(each)))
    suspects = found
    if (scheduler.now() > plan.faultsEndAt + MINUTE && !invariants.hasPendingWork()) break
  }
  violations.push(
    ...invariants.unjustifiedOutcomes(),
    ...invariants.unwantedRequests(),
    ...invariants.lostSubscriptions(),
    ...brokenPauses(timeline),
    ...sentInPause(cluster, timeline, MAX_SKEW_MS),
  )
  if (isLagBounded)
    violations.push(
      ...outOfOrder,
      ...invariants.unfinishedDeliveries(),
      ...invariants.unclosedCircuits(),
    )
  if (isFaultless && plan.actions.every(({ kind }) => kind === 'erase'))
    violations.push(...invariants.duplicateDeliveries())
  return {
    violations,
    trace: trace.last(tracedLines),
    steps: scheduler.steps(),
    virtualMs: scheduler.now(),
    calls,
    requests: invariants.requestCount(),
    accepted: accepted.length,
  }
}

/** Returns the ms between checks: fewer checks in the days after the faults. */
const checkIntervalMs = (now: number, faultsEndAt: number): number =>
  now < faultsEndAt + 3 * HOUR ? CHECK_MS : HOUR
