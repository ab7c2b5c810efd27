import { HOUR, many, MINUTE, momentsOf, SECOND, type Chance } from './chance.ts'
import type { Action, EventPlan, Plan, SubscriberPlan } from './plan.ts'
import { brokenOvernight, planFaults, planIncident } from './planned-faults.ts'
import { createRandom, type Random } from './random.ts'
import { coldStart, frozenWhileDisabled, replaced } from './situations.ts'
import type { Behaviour } from './subscriber.ts'

/** The plan of a seed: now and then one of the situations that have to coincide to be met at all. */
export function planOf(seed: number): Plan {
  const random = createRandom(seed)
  const plan = anyPlan(random)
  if (plan.faults.length === 0 || !random.chance(0.15)) return plan
  return random.pick([coldStart, frozenWhileDisabled, replaced])(plan, random)
}

/** Any plan. Each chooses which faults it has at all, so that some meet one alone and others many at once. */
function anyPlan(random: Random): Plan {
  const isFaulty = !random.chance(0.1)
  const isNight = isFaulty && random.chance(0.06)
  const calmFrom = isNight
    ? random.between(8, 20) * HOUR
    : random.skewed(2 * MINUTE, random.chance(0.2) ? 80 * HOUR : 3 * HOUR)
  const isLarge = random.chance(0.02)
  const chance = { random, moment: momentsOf(random, calmFrom), calmFrom }
  const apps = random.integer(1, 2)
  const subscribers = many(random.integer(...random.pick(SUBSCRIBERS)), () =>
    anySubscriber(chance, apps),
  )
  const events = many(random.integer(3, isLarge ? 300 : 40), (key) => event(chance, key, apps))
  const isBusy = random.chance(0.6)
  const incidents = isFaulty ? many(random.integer(0, 5), () => planIncident(chance)) : []
  return {
    seed: random.integer(0, 2 ** 31),
    processes: random.integer(1, 4),
    pageSize: random.integer(1, 4),
    subscribers,
    events,
    actions: isBusy
      ? many(random.integer(0, 6), () => action(chance, subscribers.length, events.length))
      : [],
    faults: isFaulty ? planFaults(chance) : [],
    incidents: isNight ? [...incidents, brokenOvernight(chance)] : incidents,
    calmFrom,
    farBehindMs: isFaulty && random.chance(0.05) ? random.between(10, 60) * SECOND : 0,
  }
}

/** Few, mostly: each is a story of its own. Many make the index load long. */
const SUBSCRIBERS: [[number, number], ...[number, number][]] = [
  [1, 2],
  [1, 5],
  [1, 5],
  [1, 5],
  [2, 4],
  [6, 12],
]

const event = ({ random, moment }: Chance, key: number, apps: number): EventPlan => ({
  key,
  at: moment(),
  app: random.integer(1, apps),
  type: random.pick(['created', 'completed']),
  party: random.integer(1, 3),
})

function anySubscriber(chance: Chance, apps: number): SubscriberPlan {
  const { random, moment } = chance
  const type = random.pick([undefined, undefined, 'created'] as const)
  return {
    app: random.integer(1, apps),
    ...(type !== undefined && { type }),
    ...(random.chance(0.1) && { maxPerSecond: random.pick([2, 20, 1000]) }),
    subscribes: random.chance(0.6) ? 0 : moment(),
    behaviours: random.chance(0.35) ? [] : behaviours(chance),
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

function behaviours({ random, moment, calmFrom }: Chance): Behaviour[] {
  const isDown = random.chance(0.12) // for good
  const failing = many(random.integer(1, 5), (): Behaviour => {
    const kind = random.chance(0.3) ? 'well' : random.pick(FAILING_KINDS)
    const hasWait = (kind === 'busy' || kind === 'unavailable') && random.chance(0.7)
    return {
      from: moment(),
      kind,
      ...(hasWait && { retryAfter: Math.round(random.skewed(1, 86_400)) }),
    }
  })
  const sorted = failing.toSorted((a, b) => a.from - b.from)
  return [...sorted, { from: calmFrom, kind: isDown ? random.pick(['fails', 'hangs']) : 'well' }]
}

function action({ random, moment }: Chance, subscribers: number, events: number): Action {
  const at = moment()
  const subscriber = random.integer(0, subscribers - 1)
  const kind = random.pick(['unsubscribe', 'subscribe', 'subscribe', 'replay', 'erase'])
  if (kind === 'erase') return { at, kind, event: random.integer(0, events - 1) }
  if (kind !== 'replay') return { at, kind, subscriber }
  return { at, kind, subscriber, only: random.pick(['dead', 'missing', 'all']) }
}
