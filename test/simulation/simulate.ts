import { createAuditor } from './auditor.ts'
import { startClients } from './clients.ts'
import { createCluster } from './cluster.ts'
import type { Plan } from './plan.ts'
import { createTimeline } from './timeline.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** After the last fault, what is well is through by then: a `Retry-After` of a day, the longest step of the retry schedule. */
const SETTLED_MS = 40 * HOUR
/** And what is down for good has been given up: five days, or the retry schedule. */
const GIVEN_UP_MS = 8 * 24 * HOUR
/** A claim that was made while all failed may last for an hour. */
const CLAIMS_OVER_MS = 75 * MINUTE
const LATE_MS = 150 * SECOND // 60 s, a sweep, the message, the attempt
const CHECK_MS = 10 * MINUTE

export interface Result {
  /** The first violations; none where all promises were kept. */
  violations: string[]
  trace: string[]
  steps: number
  /** Virtual ms. */
  lasted: number
  calls: { store: number; sent: number }
  requests: number
  accepted: number
}

/** Runs a plan to its end, and audits it on the way and there. */
export async function simulate(plan: Plan, tracedLines = 0): Promise<Result> {
  const cluster = createCluster(plan, tracedLines > 0)
  const { scheduler, containers, trace, calls } = cluster
  const timeline = createTimeline(containers.subscriptions, scheduler.now)
  const { accepted, subscribed } = startClients(cluster, plan)
  const auditor = createAuditor(cluster, timeline, accepted, subscribed)
  const isFaultless = plan.faults.length === 0 && plan.incidents.length === 0
  const calmFrom = isFaultless ? 0 : plan.calmFrom + CLAIMS_OVER_MS
  const isForGood = plan.subscribers.some(({ behaviours }) => {
    const last = behaviours.at(-1)
    return last !== undefined && last.kind !== 'well'
  })
  const end = plan.calmFrom + (isForGood ? GIVEN_UP_MS : SETTLED_MS)
  const violations: string[] = []
  let suspects = new Set<string>()

  const isWithinBounds = plan.farBehindMs === 0
  while (violations.length === 0 && scheduler.now() < end) {
    const isCalm = scheduler.now() >= calmFrom
    await scheduler.run(Math.min(end, scheduler.now() + stepOf(scheduler.now(), plan.calmFrom)))
    if (isCalm && isWithinBounds) violations.push(...auditor.late(LATE_MS))
    // What has no waker at two looks in a row has none: a write is not longer under way.
    const unwoken = new Set(isWithinBounds ? auditor.unwoken() : [])
    violations.push(...[...unwoken].filter((each) => suspects.has(each)))
    suspects = unwoken
    if (scheduler.now() > plan.calmFrom + MINUTE && !auditor.isBusy()) break
  }
  violations.push(...auditor.unfounded(), ...auditor.unwanted(), ...auditor.missing())
  if (isWithinBounds) violations.push(...auditor.unfinished(), ...auditor.paused())
  if (isFaultless && plan.actions.every(({ kind }) => kind === 'erase'))
    violations.push(...auditor.repeated())
  return {
    violations,
    trace: trace.last(tracedLines),
    steps: scheduler.steps(),
    lasted: scheduler.now(),
    calls,
    requests: auditor.requests(),
    accepted: accepted.length,
  }
}

/** Often while much happens, seldom in the days after. */
const stepOf = (now: number, calmFrom: number): number =>
  now < calmFrom + 3 * HOUR ? CHECK_MS : HOUR
