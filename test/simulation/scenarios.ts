import type { FaultKind } from './faults.ts'
import { MINUTE, SECOND, times } from './plan-random.ts'
import type { Plan } from './plan.ts'
import type { Random } from './random.ts'
import type { Behaviour } from './subscriber.ts'

/** Processes start with a slow store while subscriptions are created and validated. */
export function coldStart(plan: Plan, random: Random): Plan {
  const at = random.between(20 * SECOND, plan.faultsEndAt / 2)
  const around = () => Math.min(plan.faultsEndAt, at + random.between(0, 40 * SECOND))
  const slow = { from: at - 20 * SECOND, until: at + random.between(30, 120) * SECOND, rate: 0.9 }
  const deployment = () => ({ at: around(), kind: 'deployment' as const })
  return {
    ...plan,
    pageSize: 1,
    subscribers: times(random.integer(8, 14), () => ({
      app: 1,
      subscribesAt: around(),
      behaviours: [
        { from: 0, kind: random.pick(['flaky', 'healthy']) },
        { from: plan.faultsEndAt, kind: 'healthy' },
      ],
    })),
    actions: times(random.integer(0, 4), () => ({
      at: around(),
      kind: 'unsubscribe',
      subscriber: random.integer(0, 7),
    })),
    faults: [
      ...plan.faults,
      { kind: 'store-is-slow', ...slow, until: Math.min(slow.until, plan.faultsEndAt) },
    ],
    incidents: [...plan.incidents, deployment(), deployment()],
  }
}

/** Processes freeze while subscriptions become disabled, so that their decisions are outdated when they go on. */
export function frozenWhileDisabled(plan: Plan, random: Random): Plan {
  const at = random.between(MINUTE, plan.faultsEndAt)
  const disable = (): Behaviour => ({
    from: Math.min(plan.faultsEndAt, at + random.between(0, 60 * SECOND)),
    kind: random.pick(['gone', 'disables']),
  })
  const { faultsEndAt } = plan
  return {
    ...plan,
    subscribers: plan.subscribers.map((each) => ({
      ...each,
      behaviours: [disable(), { from: faultsEndAt, kind: 'healthy' }],
    })),
    events: plan.events.map((each) => ({
      ...each,
      at: Math.min(faultsEndAt, at + random.between(0, 2 * MINUTE)),
    })),
    faults: [
      ...plan.faults,
      { kind: 'process-freezes', from: at, until: faultsEndAt, rate: random.between(0.01, 0.05) },
    ],
  }
}

/** Owners delete their subscriptions and create them again within 10 s, while all events are published. */
export function resubscription(plan: Plan, random: Random): Plan {
  const at = random.between(MINUTE, plan.faultsEndAt)
  const timeWithin = (ms: number) => Math.min(plan.faultsEndAt, at + random.between(0, ms))
  return {
    ...plan,
    events: plan.events.map((each) => ({ ...each, at: timeWithin(40 * SECOND) })),
    actions: plan.subscribers.flatMap((_, subscriber) => {
      const deletedAt = timeWithin(5 * SECOND)
      const createdAt = Math.min(plan.faultsEndAt, deletedAt + random.logUniform(50, 10 * SECOND))
      return [
        { at: deletedAt, kind: 'unsubscribe' as const, subscriber },
        { at: createdAt, kind: 'subscribe' as const, subscriber },
      ]
    }),
  }
}

/** Bursts of events of one or two subjects come to ordered subscriptions, with lagging replicas and dying processes. */
export function orderedBursts(plan: Plan, random: Random): Plan {
  const { faultsEndAt } = plan
  const bursts = times(random.integer(1, 3), () => random.between(MINUTE, faultsEndAt))
  const parties = random.integer(1, 2)
  const fault = (kind: FaultKind, rate: number) => ({ kind, from: 0, until: faultsEndAt, rate })
  const faults = [
    fault('replica-lags', random.between(0.2, 0.9)),
    fault('store-is-slow', random.between(0.05, 0.5)),
    fault('message-doubled', random.between(0.1, 0.5)),
    fault('message-late', 0.05),
    fault('process-dies', random.logUniform(0.0005, 0.01)),
    fault('process-freezes', random.logUniform(0.0005, 0.01)),
  ]
  return {
    ...plan,
    processes: random.integer(2, 4),
    subscribers: plan.subscribers
      .slice(0, 3)
      .map(({ type: _any, maxPerSecond: _limit, ...each }) => ({
        ...each,
        app: 1,
        ordered: true,
        subscribesAt: 0,
      })),
    events: plan.events.map((each) => ({
      ...each,
      app: 1,
      party: random.integer(1, parties),
      at: Math.min(faultsEndAt, random.pickOptional(bursts) ?? 0) + random.between(0, 20 * SECOND),
    })),
    faults: [...plan.faults, ...faults.filter(() => random.chance(0.6))],
    replicaLagMs: 0,
  }
}
