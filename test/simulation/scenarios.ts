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
