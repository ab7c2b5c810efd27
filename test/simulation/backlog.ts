import { startClients } from './clients.ts'
import { createCluster, EPOCH, endpointOf } from './cluster.ts'
import type { Fault } from './faults.ts'
import type { EventPlan, Incident, Plan, SubscriberPlan } from './plan.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const PUBLISHING_MS = 60 * MINUTE
const DOWN_MS = 13 * 60 * MINUTE // enough for the longest times open, an hour between probes, to add up
const END_MS = DOWN_MS + 5 * 60 * MINUTE
const OTHER = 1 // the index of the other subscriber
const OTHER_INTERVAL_MS = 20 * SECOND

interface Options {
  events: number
  behaviour?: SubscriberPlan['behaviours'][number]['kind']
  faults?: Fault[]
}

/**
 * Simulates a subscriber that is down while `events` are published for it, and recovers. Another subscriber is flaky,
 * and the queues with its retries are emptied every minute. Returns the store calls and messages per delivery, and the
 * seconds by which the latest retry of the other was overdue.
 */
export async function simulateBacklog({ events, behaviour = 'healthy', faults = [] }: Options) {
  const plan: Plan = {
    seed: 1,
    processes: 3,
    pageSize: 100,
    subscribers: [
      {
        app: 1,
        subscribesAt: 0,
        behaviours: [
          { from: MINUTE, kind: 'fails' },
          { from: DOWN_MS, kind: behaviour },
        ],
      },
      { app: 2, subscribesAt: 0, behaviours: [{ from: MINUTE, kind: 'flaky' }] },
    ],
    events: [...backlogEvents(events), ...otherEvents(events)],
    actions: [],
    faults,
    incidents: queueEmptyings(),
    faultsEndAt: DOWN_MS,
    replicaLagMs: 0,
  }
  const cluster = createCluster(plan, false)
  const { scheduler, containers, subscribers, calls } = cluster
  const overdueSeconds: number[] = []
  const dueTimes = new Map<string, number>()
  containers.deliveries.onWrite((document, before) => {
    const due = document?.state === 'waiting' ? document.due : undefined
    // Only the first time of an attempt: a claim of the sweep postpones it.
    if (document !== undefined && document.attempt !== before?.attempt)
      dueTimes.set(`${document.subscription} ${document.id} ${document.attempt}`, due ?? Infinity)
  })
  startClients(cluster, plan)
  await scheduler.run(END_MS)

  const other = subscribers.get(endpointOf(OTHER))
  const attempts = new Map<string, number>()
  for (const { event, at } of other?.requests ?? []) {
    const attempt = attempts.get(event) ?? 0
    attempts.set(event, attempt + 1)
    const due = dueTimes.get(`2 ${event} ${attempt}`) ?? dueTimes.get(`1 ${event} ${attempt}`)
    if (due !== undefined && attempt > 0) overdueSeconds.push((EPOCH + at) / SECOND - due)
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
    retries: overdueSeconds.length,
    maxOverdueSeconds: Math.round(Math.max(0, ...overdueSeconds)),
  }
}

/** Returns events at a steady rate, for an hour. */
const backlogEvents = (count: number): EventPlan[] =>
  Array.from({ length: count }, (_, key) => ({
    key,
    at: 2 * MINUTE + (key * PUBLISHING_MS) / count,
    app: 1,
    type: 'created',
    party: 1 + (key % 100),
  }))

/** Returns the events of the other subscriber, before the drain and during it. */
const otherEvents = (from: number): EventPlan[] =>
  Array.from({ length: (2 * PUBLISHING_MS) / OTHER_INTERVAL_MS }, (_, index) => ({
    key: from + index,
    at: DOWN_MS - PUBLISHING_MS + index * OTHER_INTERVAL_MS,
    app: 2,
    type: 'created',
    party: 1,
  }))

const queueEmptyings = (): Incident[] =>
  Array.from({ length: 90 }, (_, index) => ({
    at: DOWN_MS + index * MINUTE + 17 * SECOND, // between two sweeps
    kind: 'queues-emptied' as const,
  }))
