import { createTimes, HOUR, MINUTE, SECOND, times, type PlanRandom } from './plan-random.ts'
import type { Action, EventPlan, Plan, SubscriberPlan } from './plan.ts'
import { planBrokenDeployment, planFaults, planIncident } from './planned-faults.ts'
import { createRandom, type Random } from './random.ts'
import { coldStart, frozenWhileDisabled, orderedBursts, resubscription } from './scenarios.ts'
import type { Behaviour } from './subscriber.ts'

/** Returns the plan of a seed. 20 % are scenarios whose events would hardly ever coincide by chance. */
export function planOf(seed: number): Plan {
  const random = createRandom(seed)
  const plan = randomPlan(random)
  if (plan.faults.length === 0 || !random.chance(0.2)) return plan
  return random.pick([coldStart, frozenWhileDisabled, resubscription, orderedBursts])(plan, random)
}

/** Returns a random plan. Each draws the kinds of faults that it has, so that some have one kind and others many. */
function randomPlan(random: Random): Plan {
  const isFaulty = !random.chance(0.1)
  const hasBrokenDeployment = isFaulty && random.chance(0.06)
  const faultsEndAt = hasBrokenDeployment
    ? random.between(8, 20) * HOUR
    : random.logUniform(2 * MINUTE, random.chance(0.2) ? 80 * HOUR : 3 * HOUR)
  const isLarge = random.chance(0.02)
  const planRandom = { random, time: createTimes(random, faultsEndAt), faultsEndAt }
  const apps = random.integer(1, 2)
  const subscribers = times(random.integer(...random.pick(SUBSCRIBER_COUNTS)), () =>
    randomSubscriber(planRandom, apps),
  )
  const events = times(random.integer(3, isLarge ? 300 : 40), (key) =>
    randomEvent(planRandom, key, apps),
  )
  const hasActions = random.chance(0.6)
  const incidents = isFaulty ? times(random.integer(0, 5), () => planIncident(planRandom)) : []
  return {
    seed: random.integer(0, 2 ** 31),
    processes: random.integer(1, 4),
    pageSize: random.integer(1, 4),
    subscribers,
    events,
    actions: hasActions
      ? times(random.integer(0, 6), () =>
          randomAction(planRandom, subscribers.length, events.length),
        )
      : [],
    faults: isFaulty ? planFaults(planRandom) : [],
    incidents: hasBrokenDeployment ? [...incidents, planBrokenDeployment(planRandom)] : incidents,
    faultsEndAt,
    replicaLagMs: isFaulty && random.chance(0.05) ? random.between(10, 60) * SECOND : 0,
  }
}

/** Ranges of the number of subscribers: mostly few, sometimes enough for an index of several pages. */
const SUBSCRIBER_COUNTS: [[number, number], ...[number, number][]] = [
  [1, 2],
  [1, 5],
  [1, 5],
  [1, 5],
  [2, 4],
  [6, 12],
]

const randomEvent = ({ random, time }: PlanRandom, key: number, apps: number): EventPlan => ({
  key,
  at: time(),
  app: random.integer(1, apps),
  type: random.pick(['created', 'completed']),
  party: random.integer(1, 3),
})

function randomSubscriber(planRandom: PlanRandom, apps: number): SubscriberPlan {
  const { random, time } = planRandom
  const type = random.pick([undefined, undefined, 'created'] as const)
  return {
    app: random.integer(1, apps),
    ...(type !== undefined && { type }),
    ...(random.chance(0.1) && { maxPerSecond: random.pick([2, 20, 1000]) }),
    ...(random.chance(0.2) && { hasSubunits: true as const }),
    ...(random.chance(0.3) && { ordered: true }),
    subscribesAt: random.chance(0.6) ? 0 : time(),
    behaviours: random.chance(0.35) ? [] : randomBehaviours(planRandom),
  }
}

const FAILING_KINDS = [
  'slow',
  'flaky',
  'fails',
  'fails',
  'refuses',
  'hangs',
  'busy',
  'unavailable',
  'overloaded',
  'picky',
  'gone',
  'disables',
] as const

function randomBehaviours({ random, time, faultsEndAt }: PlanRandom): Behaviour[] {
  const isPermanentlyDown = random.chance(0.12)
  const failing = times(random.integer(1, 5), (): Behaviour => {
    const kind = random.chance(0.3) ? 'healthy' : random.pick(FAILING_KINDS)
    const hasRetryAfter = (kind === 'busy' || kind === 'unavailable') && random.chance(0.7)
    return {
      from: time(),
      kind,
      ...(hasRetryAfter && { retryAfter: Math.round(random.logUniform(1, 86_400)) }),
    }
  })
  const sorted = failing.toSorted((a, b) => a.from - b.from)
  return [
    ...sorted,
    { from: faultsEndAt, kind: isPermanentlyDown ? random.pick(['fails', 'hangs']) : 'healthy' },
  ]
}

function randomAction({ random, time }: PlanRandom, subscribers: number, events: number): Action {
  const at = time()
  const subscriber = random.integer(0, subscribers - 1)
  const kind = random.pick([
    'unsubscribe',
    'subscribe',
    'subscribe',
    'replay',
    'erase',
    'pause',
    'pause',
  ])
  if (kind === 'erase') return { at, kind, event: random.integer(0, events - 1) }
  if (kind === 'pause') return { at, kind, subscriber, ms: random.logUniform(SECOND, 3 * HOUR) }
  if (kind !== 'replay') return { at, kind, subscriber }
  return { at, kind, subscriber, only: random.pick(['dead', 'missing', 'all']) }
}
