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

export const functionNames = [
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

/** The plan of a seed. Each chooses which faults it has at all, so that some meet one alone and others many at once. */
export function planOf(seed: number): Plan {
  const random = createRandom(seed)
  const calmFrom = random.skewed(2 * MINUTE, random.chance(0.1) ? 80 * HOUR : 3 * HOUR)
  const isLarge = random.chance(0.02)
  const apps = random.integer(1, 2)
  const isFaulty = !random.chance(0.12)
  const subscribers = many(random.integer(...random.pick(SUBSCRIBERS)), () =>
    subscriber(random, apps, calmFrom),
  )
  const events = many(random.integer(3, isLarge ? 300 : 40), (key) =>
    event(random, key, apps, calmFrom),
  )
  return {
    seed: random.integer(0, 2 ** 31),
    processes: random.integer(1, 4),
    pageSize: random.integer(1, 4),
    subscribers,
    events: burst(random, events),
    actions: random.chance(0.6)
      ? many(random.integer(0, 5), () =>
          action(random, subscribers.length, events.length, calmFrom),
        )
      : [],
    faults: isFaulty ? faults(random, calmFrom) : [],
    incidents: isFaulty ? many(random.integer(0, 5), () => incident(random, calmFrom)) : [],
    calmFrom,
  }
}

/** Few, mostly: each is a story of its own. Many make the index load long. */
const SUBSCRIBERS: [[number, number], ...[number, number][]] = [
  [1, 2],
  [1, 5],
  [1, 5],
  [1, 5],
  [1, 5],
  [1, 5],
  [1, 5],
  [6, 12],
]

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

/** Some events come all at once. */
function burst(random: Random, events: EventPlan[]): EventPlan[] {
  const share = random.pick([0, 0, 0.3, 0.9])
  const at = random.any(events)?.at ?? 0
  return events.map((each) =>
    random.chance(share) ? { ...each, at: at + random.between(0, 2000) } : each,
  )
}

const event = (random: Random, key: number, apps: number, calmFrom: number): EventPlan => ({
  key,
  at: random.between(10 * SECOND, calmFrom),
  app: random.integer(1, apps),
  type: random.pick(['created', 'completed']),
  party: random.integer(1, 3),
})

function subscriber(random: Random, apps: number, calmFrom: number): SubscriberPlan {
  const type = random.pick([undefined, undefined, 'created'] as const)
  const isDown = random.chance(0.15) // for good
  return {
    app: random.integer(1, apps),
    ...(type !== undefined && { type }),
    subscribes: random.chance(0.7) ? 0 : random.between(0, calmFrom / 2),
    behaviours: random.chance(0.35) ? [] : behaviours(random, calmFrom, isDown),
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

function behaviours(random: Random, calmFrom: number, isDown: boolean): Behaviour[] {
  const troubles = many(random.integer(1, 5), () => {
    const kind = random.chance(0.3) ? ('well' as const) : random.pick(TROUBLES)
    const from = random.between(5 * SECOND, calmFrom)
    const hasWait = (kind === 'busy' || kind === 'unavailable') && random.chance(0.7)
    return { from, kind, ...(hasWait && { retryAfter: Math.round(random.skewed(1, 86_400)) }) }
  })
  const sorted = troubles.toSorted((a, b) => a.from - b.from)
  const last = isDown ? random.pick(['fails', 'hangs'] as const) : ('well' as const)
  return [...sorted, { from: calmFrom, kind: last }]
}

function action(random: Random, subscribers: number, events: number, calmFrom: number): Action {
  const at = random.between(MINUTE, calmFrom)
  const subscriber = random.integer(0, subscribers - 1)
  const kind = random.pick(['unsubscribe', 'unsubscribe', 'subscribe', 'replay', 'erase'] as const)
  switch (kind) {
    case 'replay':
      return { at, kind, subscriber, only: random.pick(['dead', 'missing', 'all'] as const) }
    case 'erase':
      return { at, kind, event: random.integer(0, events - 1) }
    default:
      return { at, kind, subscriber }
  }
}

/** The highest rate of each kind of fault. */
const RATES: [FaultKind, number][] = [
  ['store-refuses', 0.3],
  ['store-loses-answer', 0.2],
  ['store-retries', 0.1],
  ['store-is-slow', 0.5],
  ['replica-lags', 0.8],
  ['send-fails', 0.3],
  ['send-loses-answer', 0.2],
  ['message-lost', 0.5],
  ['message-doubled', 0.5],
  ['message-delayed', 0.3],
  ['message-late', 0.1],
  ['delete-fails', 0.3],
  ['webhook-loses-answer', 0.2],
  ['process-dies', 0.02],
  ['timer-missed', 0.3],
  ['timer-doubled', 0.5],
]

function faults(random: Random, calmFrom: number): Fault[] {
  const share = random.pick([0.1, 0.3, 0.6])
  const chosen = RATES.filter(() => random.chance(share)).map(([kind, most]): Fault => {
    const from = random.chance(0.5) ? 0 : random.between(0, calmFrom)
    const until = random.chance(0.5)
      ? calmFrom
      : Math.min(calmFrom, from + random.skewed(SECOND, HOUR))
    return { kind, from, until, rate: random.skewed(most / 100, most) }
  })
  return random.chance(0.15) ? [...chosen, outage(random, calmFrom)] : chosen
}

function outage(random: Random, calmFrom: number): Fault {
  const from = random.between(0, calmFrom)
  const until = Math.min(calmFrom, from + random.skewed(10 * SECOND, 3 * HOUR))
  return { kind: random.pick(['store-refuses', 'send-fails']), from, until, rate: 1 }
}

function incident(random: Random, calmFrom: number): Incident {
  const at = random.between(0, calmFrom)
  const kind = random.pick([
    'queues-emptied',
    'process-dies',
    'process-freezes',
    'deployment',
    'function-broken',
  ] as const)
  switch (kind) {
    case 'process-freezes':
      return { at, kind, ms: random.skewed(SECOND, MINUTE) }
    case 'function-broken':
      return {
        at,
        kind,
        name: random.pick(functionNames),
        ms: Math.min(calmFrom - at, random.skewed(MINUTE, 10 * HOUR)),
      }
    default:
      return { at, kind }
  }
}
