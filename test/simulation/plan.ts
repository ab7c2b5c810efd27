import type { Fault } from './faults.ts'
import type { Behaviour } from './subscriber.ts'

/** The input of a simulation, made from a seed. A failing plan can be shrunk piece by piece. */
export interface Plan {
  /** The seed of the schedule: latencies, orders, and which calls meet a fault. */
  seed: number
  processes: number
  /** The number of subscriptions in a page of the index. */
  pageSize: number
  subscribers: SubscriberPlan[]
  events: EventPlan[]
  actions: Action[]
  faults: Fault[]
  incidents: Incident[]
  /** Virtual ms at which the last fault ends, and every endpoint is healthy that does not fail for good. */
  faultsEndAt: number
  /**
   * The ms that all replicas lag until then, for reads without a newer session token. Above 0 it exceeds the bound of
   * the delivery machine (10 s): work may be late, but no delivery may end without a valid reason, and without other
   * faults nothing is sent twice.
   */
  replicaLagMs: number
}

export interface SubscriberPlan {
  app: number
  type?: string
  maxPerSecond?: number
  /** Whether it subscribes to the main unit with its subunits: the other parties. */
  hasSubunits?: true
  ordered?: true
  /** Virtual ms. */
  subscribesAt: number
  behaviours: Behaviour[]
}

export interface EventPlan {
  /** The key by which actions name the event. */
  key: number
  at: number
  app: number
  type: string
  party: number
}

/** An action of an owner; `subscriber` is an index, `event` a key. A pause is resumed after `ms`. */
export type Action = { at: number } & (
  | { kind: 'unsubscribe' | 'subscribe'; subscriber: number }
  | { kind: 'pause'; subscriber: number; ms: number }
  | { kind: 'replay'; subscriber: number; only: 'dead' | 'missing' | 'all' }
  | { kind: 'erase'; event: number }
)

/** A fault that happens once. */
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
