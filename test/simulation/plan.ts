import type { Fault, FaultKind } from './faults.ts'
import { createRandom, type Random } from './random.ts'
import type { Behaviour } from './subscriber.ts'

/** All that a seed decides before it runs: what shrinking takes away from, piece by piece. */
export interface Plan {
  /** Chance of the schedule: latencies, orders, who meets a fault. */
  seed: number
  processes: number
  /** How many subscriptions a page of the index has. */
  pageSize: number
  subscribers: SubscriberPlan[]
  events: EventPlan[]
  actions: Action[]
  faults: Fault[]
  incidents: Incident[]
  /** Virtual ms at which the last fault is over, and every endpoint is well that will ever be. */
  calmFrom: number
  /**
   * How far all replicas lag until then, where a read's session token asks for no more: further than the machine's times
   * allow for. Then work may wait for long, but still nothing may be ended without cause.
   */
  farBehindMs: number
}

export interface SubscriberPlan {
  app: number
  type?: string
  /** Virtual ms. */
  subscribes: number
  behaviours: Behaviour[]
}

export interface EventPlan {
  /** What actions name it by. */
  key: number
  at: number
  app: number
  type: string
  party: number
}

/** What an owner does; `subscriber` is an index, `event` a key. */
export type Action = { at: number } & (
  | { kind: 'unsubscribe' | 'subscribe'; subscriber: number }
  | { kind: 'replay'; subscriber: number; only: 'dead' | 'missing' | 'all' }
  | { kind: 'erase'; event: number }
)

/** What happens once. */
export type Incident = { at: number } & (
  | { kind: 'queues-emptied' }
  | { kind: 'process-dies' }
  | { kind: 'process-freezes'; ms: number }
  | { kind: 'deployment' }
  | { kind: 'function-broken'; name: FunctionName; ms: number }
)

const functionNames = [
  'fan-out-event',
  'retry-delivery',
  'drain-backlog',
  'validate-subscription',
  'replay-deliveries',
  'sweep-events',
  'sweep-deliveries',
  'sweep-subscriptions',
] as const
export type FunctionName = (typeof functionNames)[number]

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** The plan of a seed: now and then one of the situations that have to coincide to be met at all. */
export function planOf(seed: number): Plan {
  const random = createRandom(seed)
  const plan = anyPlan(random)
  if (plan.faults.length === 0 || !random.chance(0.15)) return plan
  return random.pick([coldStart, frozenWhileDisabled])(plan, random)
}

/** Processes start with a slow store while subscriptions are made and validated. */
function coldStart(plan: Plan, random: Random): Plan {
  const at = random.between(20 * SECOND, plan.calmFrom / 2)
  const around = () => Math.min(plan.calmFrom, at + random.between(0, 40 * SECOND))
  const slow = { from: at - 20 * SECOND, until: at + random.between(30, 120) * SECOND, rate: 0.9 }
  const deployment = () => ({ at: around(), kind: 'deployment' as const })
  return {
    ...plan,
    pageSize: 1,
    subscribers: many(random.integer(8, 14), () => ({
      app: 1,
      subscribes: around(),
      behaviours: [
        { from: 0, kind: random.pick(['flaky', 'well']) },
        { from: plan.calmFrom, kind: 'well' },
      ],
    })),
    actions: many(random.integer(0, 4), () => ({
      at: around(),
      kind: 'unsubscribe',
      subscriber: random.integer(0, 7),
    })),
    faults: [
      ...plan.faults,
      { kind: 'store-is-slow', ...slow, until: Math.min(slow.until, plan.calmFrom) },
    ],
    incidents: [...plan.incidents, deployment(), deployment()],
  }
}

/** Processes freeze for so long that what they decided is another time's. */
function frozenWhileDisabled(plan: Plan, random: Random): Plan {
  const at = random.between(MINUTE, plan.calmFrom)
  const disable = (): Behaviour => ({
    from: Math.min(plan.calmFrom, at + random.between(0, 60 * SECOND)),
    kind: random.pick(['gone', 'disables']),
  })
  const { calmFrom } = plan
  return {
    ...plan,
    subscribers: plan.subscribers.map((each) => ({
      ...each,
      behaviours: [disable(), { from: calmFrom, kind: 'well' }],
    })),
    events: plan.events.map((each) => ({
      ...each,
      at: Math.min(calmFrom, at + random.between(0, 2 * MINUTE)),
    })),
    faults: [
      ...plan.faults,
      { kind: 'process-freezes', from: at, until: calmFrom, rate: random.between(0.01, 0.05) },
    ],
  }
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
  const incidents = isFaulty ? many(random.integer(0, 5), () => incident(chance)) : []
  return {
    seed: random.integer(0, 2 ** 31),
    processes: random.integer(1, 4),
    pageSize: random.integer(1, 4),
    subscribers,
    events,
    actions: isBusy
      ? many(random.integer(0, 6), () => action(chance, subscribers.length, events.length))
      : [],
    faults: isFaulty ? faults(chance) : [],
    incidents: isNight ? [...incidents, night(chance)] : incidents,
    calmFrom,
    farBehindMs: isFaulty && random.chance(0.05) ? random.between(10, 60) * SECOND : 0,
  }
}

/** Chance, with the moments at which it has things happen. */
interface Chance {
  random: Random
  moment: () => number
  calmFrom: number
}

/** Any time, or about the same time as much else: what coincides finds more than what happens alone. */
function momentsOf(random: Random, calmFrom: number): () => number {
  const focus = random.between(5 * SECOND, calmFrom)
  const width = random.skewed(SECOND, 2 * MINUTE)
  const share = random.pick([0, 0.3, 0.6, 0.9])
  return () => {
    const time = random.chance(share)
      ? focus + random.between(-width, width)
      : random.between(0, calmFrom)
    return Math.min(calmFrom, Math.max(5 * SECOND, time))
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

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

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
    subscribes: random.chance(0.6) ? 0 : moment(),
    behaviours: random.chance(0.35) ? [] : behaviours(chance),
  }
}

const TROUBLES = [
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
  const troubles = many(random.integer(1, 5), (): Behaviour => {
    const kind = random.chance(0.3) ? 'well' : random.pick(TROUBLES)
    const hasWait = (kind === 'busy' || kind === 'unavailable') && random.chance(0.7)
    return {
      from: moment(),
      kind,
      ...(hasWait && { retryAfter: Math.round(random.skewed(1, 86_400)) }),
    }
  })
  const sorted = troubles.toSorted((a, b) => a.from - b.from)
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

/** The highest rate of each kind of fault. */
const RATES: [FaultKind, number][] = [
  ['store-refuses', 0.3],
  ['store-loses-answer', 0.2],
  ['store-retries', 0.1],
  ['store-is-slow', 0.9],
  ['replica-lags', 0.9],
  ['send-fails', 0.3],
  ['send-loses-answer', 0.2],
  ['message-lost', 0.5],
  ['message-doubled', 0.5],
  ['message-delayed', 0.3],
  ['message-late', 0.1],
  ['delete-fails', 0.3],
  ['webhook-loses-answer', 0.2],
  ['process-dies', 0.02],
  ['process-freezes', 0.02],
  ['timer-missed', 0.3],
  ['timer-doubled', 0.5],
]

function faults({ random, moment, calmFrom }: Chance): Fault[] {
  const share = random.pick([0.1, 0.3, 0.6])
  const chosen = RATES.filter(() => random.chance(share)).map(([kind, most]): Fault => {
    const from = random.chance(0.5) ? 0 : moment()
    const lasts = random.chance(0.5) ? calmFrom : random.skewed(SECOND, HOUR)
    return {
      kind,
      from,
      until: Math.min(calmFrom, from + lasts),
      rate: random.skewed(most / 30, most),
    }
  })
  if (!random.chance(0.15)) return chosen
  const from = moment()
  const until = Math.min(calmFrom, from + random.skewed(10 * SECOND, 3 * HOUR)) // an outage
  return [...chosen, { kind: random.pick(['store-refuses', 'send-fails']), from, until, rate: 1 }]
}

/** A deployment that breaks what delivers, until somebody comes to work. */
function night({ random, moment, calmFrom }: Chance): Incident {
  const at = Math.min(moment(), calmFrom / 2)
  const name = random.pick(['fan-out-event', 'retry-delivery', 'drain-backlog'])
  return { at, kind: 'function-broken', name, ms: calmFrom - at }
}

function incident({ random, moment, calmFrom }: Chance): Incident {
  const at = moment()
  const kind = random.pick([
    'queues-emptied',
    'process-dies',
    'process-freezes',
    'deployment',
    'function-broken',
  ])
  if (kind === 'process-freezes') return { at, kind, ms: random.skewed(SECOND, MINUTE) }
  if (kind !== 'function-broken') return { at, kind }
  const name = random.pick(functionNames)
  return { at, kind, name, ms: Math.min(calmFrom - at, random.skewed(MINUTE, 12 * HOUR)) }
}
