import { startClients } from './clients.ts'
import { createCluster, EPOCH, urlOf } from './cluster.ts'
import type { Fault } from './faults.ts'
import type { EventPlan, Incident, Plan, SubscriberPlan } from './plan.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const PUBLISHED_MS = 60 * MINUTE
const DOWN_MS = 13 * 60 * MINUTE // with a probe an hour: what each pause costs adds up
const END_MS = DOWN_MS + 5 * 60 * MINUTE
const OTHER = 1 // the subscriber beside the backlog
const EVERY_MS = 20 * SECOND

interface Options {
  events: number
  behaviour?: SubscriberPlan['behaviours'][number]['kind']
  faults?: Fault[]
}

/**
 * A subscriber is down while `events` are published for it, and comes back; beside it another fails now and then, and the
 * messages of its retries are lost. Returns the work that it took, and how long a retry of the other was overdue at most.
 */
export async function simulateBacklog({ events, behaviour = 'well', faults = [] }: Options) {
  const plan: Plan = {
    seed: 1,
    processes: 3,
    pageSize: 100,
    subscribers: [
      {
        app: 1,
        subscribes: 0,
        behaviours: [
          { from: MINUTE, kind: 'fails' },
          { from: DOWN_MS, kind: behaviour },
        ],
      },
      { app: 2, subscribes: 0, behaviours: [{ from: MINUTE, kind: 'flaky' }] },
    ],
    events: [...spread(events), ...ofOther(events)],
    actions: [],
    faults,
    incidents: emptied(),
    calmFrom: DOWN_MS,
    farBehindMs: 0,
  }
  const cluster = createCluster(plan, false)
  const { scheduler, containers, subscribers, calls } = cluster
  const lateness: number[] = []
  const dueTimes = new Map<string, number>()
  containers.deliveries.onWrite((document, before) => {
    const due = document?.state === 'waiting' ? document.due : undefined
    // The first time: a claim of the sweep moves it on.
    if (document !== undefined && document.attempt !== before?.attempt)
      dueTimes.set(`${document.subscription} ${document.id} ${document.attempt}`, due ?? Infinity)
  })
  startClients(cluster, plan)
  await scheduler.run(END_MS)

  const other = subscribers.get(urlOf(OTHER))
  const attempts = new Map<string, number>()
  for (const { event, at } of other?.requests ?? []) {
    const attempt = attempts.get(event) ?? 0
    attempts.set(event, attempt + 1)
    const due = dueTimes.get(`2 ${event} ${attempt}`) ?? dueTimes.get(`1 ${event} ${attempt}`)
    if (due !== undefined && attempt > 0) lateness.push((EPOCH + at) / SECOND - due)
  }
  let [delivered, records] = [0, 0]
  for (const { state, resource } of containers.deliveries.all()) {
    records++
    if (state === 'delivered' && resource.endsWith('app1')) delivered++
  }
  return {
    delivered,
    callsPerDelivery: calls.store / records,
    messagesPerDelivery: calls.sent / records,
    retries: lateness.length,
    latestSeconds: Math.round(Math.max(0, ...lateness)),
  }
}

/** One after the other, for an hour. */
const spread = (count: number): EventPlan[] =>
  Array.from({ length: count }, (_, key) => ({
    key,
    at: 2 * MINUTE + (key * PUBLISHED_MS) / count,
    app: 1,
    type: 'created',
    party: 1 + (key % 100),
  }))

/** Those of the other: before and while the backlog is drained. */
const ofOther = (from: number): EventPlan[] =>
  Array.from({ length: (2 * PUBLISHED_MS) / EVERY_MS }, (_, index) => ({
    key: from + index,
    at: DOWN_MS - PUBLISHED_MS + index * EVERY_MS,
    app: 2,
    type: 'created',
    party: 1,
  }))

const emptied = (): Incident[] =>
  Array.from({ length: 90 }, (_, index) => ({
    at: DOWN_MS + index * MINUTE + 17 * SECOND, // between two sweeps
    kind: 'queues-emptied' as const,
  }))
