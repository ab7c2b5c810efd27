import { many, MINUTE, SECOND } from './chance.ts'
import type { Plan } from './plan.ts'
import type { Random } from './random.ts'
import type { Behaviour } from './subscriber.ts'

/** Processes start with a slow store while subscriptions are made and validated. */
export function coldStart(plan: Plan, random: Random): Plan {
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
export function frozenWhileDisabled(plan: Plan, random: Random): Plan {
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

/** Owners delete their subscriptions and make them again at once, while events come densely. */
export function replaced(plan: Plan, random: Random): Plan {
  const at = random.between(MINUTE, plan.calmFrom)
  const within = (ms: number) => Math.min(plan.calmFrom, at + random.between(0, ms))
  return {
    ...plan,
    events: plan.events.map((each) => ({ ...each, at: within(40 * SECOND) })),
    actions: plan.subscribers.flatMap((_, subscriber) => {
      const deletedAt = within(5 * SECOND)
      const madeAt = Math.min(plan.calmFrom, deletedAt + random.skewed(50, 10 * SECOND))
      return [
        { at: deletedAt, kind: 'unsubscribe' as const, subscriber },
        { at: madeAt, kind: 'subscribe' as const, subscriber },
      ]
    }),
  }
}
