import { createClock, type Clock } from './clock.ts'
import { countDuplicates, undelivered, expectedDeliveries } from './expected-deliveries.ts'
import { LARGE } from './plan.ts'
import type { Profile } from './profiles.ts'
import { progressOf } from './result.ts'
import { startEnvironment, type Environment, type BackingServices } from './environment.ts'
import { waitUntilEnded } from './wait-until-ended.ts'
import { unavailable } from './store-faults.ts'
import type { Stores } from './stores.ts'
import { sweepRepeatedly } from './faults.ts'

const STEADY_MS = 5000 // before and after an outage
const WARM_UP_SECONDS = 8 // a first outage loads and compiles code, which must not count as growth of the heap
const PROGRESS_MS = 5000
const LARGE_INTERVAL = 20

export interface Outage {
  store: 'cosmos' | 'queue'
  seconds: number
  eventsPerSecond: number
  profile: Profile
  onProgress?: (line: string) => void
}

/** The result of an outage of a whole store under load. */
export interface OutageResult {
  store: 'cosmos' | 'queue'
  profile: string
  seconds: number
  accepted: number
  /** Events without a 201: those that fit into a message, and the larger ones. */
  refusedSmall: number
  refusedLarge: number
  /** The number of answers by status. */
  answers: Record<string, number>
  /** The longest ms until a refusal, and the number of 503s without Retry-After. */
  slowestRefusal: number
  missingRetryAfter: number
  expected: number
  delivered: number
  dead: number
  lost: string[]
  duplicates: number
  crashes: number
  /** Seconds from the end of the outage to the last delivery of the events published before it. */
  drainSeconds: number
  messagesPerEvent: number
  messagesPerDelivery: number
  /** Bytes in use on the heaps of the four processes, before the outage and after the last delivery. */
  heapBefore: number
  heapAfter: number
}

/**
 * Takes a store down under load: for half of the time it refuses connections, then it answers 503. Waits until every
 * delivery is made or dead.
 */
export async function runOutage(services: BackingServices, outage: Outage): Promise<OutageResult> {
  const clock = createClock()
  const subscribers = [{ name: 'healthy', behaviour: () => ({}) }]
  const { profile, store } = outage
  const environment = await startEnvironment(services, {
    profile,
    name: `outage-${store}`,
    subscribers,
  })
  const progress = setInterval(
    () => outage.onProgress?.(progressOf(environment, clock)),
    PROGRESS_MS,
  )
  const sweeping = new AbortController()
  void sweepRepeatedly(environment.hosts, environment.stores, profile, sweeping.signal)
  try {
    clock.begin()
    const publishing = publish(environment, clock, outage)
    await clock.until(STEADY_MS)
    await takeDown(environment.stores, { store, seconds: WARM_UP_SECONDS })
    await clock.until(STEADY_MS + WARM_UP_SECONDS * 1000 + STEADY_MS)
    const heapBefore = await heapOf(environment)
    await takeDown(environment.stores, outage)
    const backAt = Date.now()
    await publishing
    return await resultOf(environment, outage, { heapBefore, backAt })
  } finally {
    clearInterval(progress)
    sweeping.abort()
    await environment.stop()
  }
}

async function publish({ publisher }: Environment, clock: Clock, outage: Outage): Promise<void> {
  const seconds = outage.seconds + WARM_UP_SECONDS + (3 * STEADY_MS) / 1000
  const all = Math.ceil(seconds * outage.eventsPerSecond)
  const publishing = Array.from({ length: all }, async (_, index) => {
    const at = (index / outage.eventsPerSecond) * 1000
    const data = index % LARGE_INTERVAL === 0 ? LARGE : undefined
    await clock.until(at)
    await publisher.publish({
      at,
      type: 'app.instance.created',
      data,
      key: undefined,
      isRepeated: false,
    })
  })
  await Promise.all(publishing)
}

async function takeDown(
  stores: Stores,
  { store, seconds }: Pick<Outage, 'store' | 'seconds'>,
): Promise<void> {
  const outageClock = createClock()
  outageClock.begin()
  await stores[store].close()
  await outageClock.until(seconds * 500)
  const { plan } = stores[store]
  stores[store].plan = () => unavailable[store]
  await stores[store].open()
  await outageClock.until(seconds * 1000)
  stores[store].plan = plan
}

async function resultOf(
  environment: Environment,
  { store, seconds, profile }: Outage,
  { heapBefore, backAt }: { heapBefore: number; backAt: number },
): Promise<OutageResult> {
  const { publisher, subscribers, stores, hosts } = environment
  const { accepted, refused, answers, slowestRefusal, missingRetryAfter } = publisher.published
  const expected = expectedDeliveries(accepted, subscribers)
  const { dead, lost } = await waitUntilEnded(expected, stores, profile.idleTimeoutSeconds)
  const backlog = expected.filter(({ event }) => event.at <= backAt)
  const deliveredAt = backlog.map(
    ({ event, subscriber }) => subscriber.received.get(event.id)?.firstAt ?? Infinity,
  )
  return {
    store,
    profile: profile.name,
    seconds,
    accepted: accepted.length,
    refusedSmall: refused.filter(({ data }) => data === undefined).length,
    refusedLarge: refused.filter(({ data }) => data !== undefined).length,
    answers,
    slowestRefusal,
    missingRetryAfter,
    expected: expected.length,
    delivered: expected.length - undelivered(expected).length,
    dead,
    lost,
    duplicates: countDuplicates(subscribers),
    crashes: hosts.crashes(),
    drainSeconds: Math.max(0, Math.max(...deliveredAt) - backAt) / 1000,
    messagesPerEvent: stores.sent.events / accepted.length,
    messagesPerDelivery: stores.sent.deliveries / expected.length,
    heapBefore,
    heapAfter: await heapOf(environment),
  }
}

async function heapOf({ hosts }: Environment): Promise<number> {
  const heaps = await Promise.all(hosts.all.map((host) => host.heapUsed()))
  return heaps.reduce((sum, each) => sum + each, 0)
}
