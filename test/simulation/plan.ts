import type { Fault } from './faults.ts'
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
  maxPerSecond?: number
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
