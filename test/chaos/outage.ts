import { createClock, type Clock } from './clock.ts'
import { countDuplicates, undelivered, expectedDeliveries } from './expected-deliveries.ts'
import { LARGE } from './plan.ts'
import type { Profile } from './profiles.ts'
import { progressOf } from './result.ts'
import { startEnvironment, type Environment, type BackingServices } from './environment.ts'
import { waitUntilSettled } from './wait-until-settled.ts'
import { unavailable } from './store-faults.ts'
import type { Stores } from './stores.ts'
import { sweepRepeatedly } from './faults.ts'

const STEADY_MS = 5000 // before and after
const WARM_UP_SECONDS = 8 // an outage before the outage: what it loads and compiles is then there, and no growth
const PROGRESS_MS = 5000
const LARGE_EVERY = 20

export interface Outage {
  store: 'cosmos' | 'queue'
  seconds: number
  eventsPerSecond: number
  profile: Profile
  onProgress?: (line: string) => void
}

/** What came of an outage of a whole store, under load. */
export interface OutageResult {
  store: 'cosmos' | 'queue'
  profile: string
  seconds: number
  accepted: number
  /** Events without a 201, those that fit into a message and the larger ones. */
  refusedSmall: number
  refusedLarge: number
  /** How often each status was answered. */
  answers: Record<string, number>
  /** The longest wait for a refusal, in ms, and how many 503s did not say when to try again. */
  slowestRefusal: number
  missingRetryAfter: number
  expected: number
  delivered: number
  dead: number
  lost: string[]
  duplicates: number
  crashes: number
  /** From the end of the outage to the last delivery of what was published before, in s. */
  drainSeconds: number
  messagesPerEvent: number
  messagesPerDelivery: number
  /** Bytes in use on the heaps of the four processes before the outage and after the last delivery. */
  heapBefore: number
  heapAfter: number
}

/** Has a store down under load, half of the time refusing connections and half answering 503, and waits for the rest. */
export async function runOutage(services: BackingServices, outage: Outage): Promise<OutageResult> {
  const clock = createClock()
  const subscribers = [{ name: 'well', behaviour: () => ({}) }]
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
    const data = index % LARGE_EVERY === 0 ? LARGE : undefined
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
  const half = createClock()
  half.begin()
  await stores[store].close()
  await half.until(seconds * 500)
  const { plan } = stores[store]
  stores[store].plan = () => unavailable[store]
  await stores[store].open()
  await half.until(seconds * 1000)
  stores[store].plan = plan
}

async function resultOf(
  environment: Environment,
  { store, seconds, profile }: Outage,
  { heapBefore, backAt }: { heapBefore: number; backAt: number },
): Promise<OutageResult> {
  const { publisher, subscribers, stores, hosts } = environment
  const { accepted, refused, answers, slowestRefusal, missingRetryAfter } = publisher.published
  const owed = expectedDeliveries(accepted, subscribers)
  const { dead, lost } = await waitUntilSettled(owed, stores, profile.idleTimeoutSeconds)
  const backlog = owed.filter(({ event }) => event.at <= backAt)
  const firsts = backlog.map(
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
    expected: owed.length,
    delivered: owed.length - undelivered(owed).length,
    dead,
    lost,
    duplicates: countDuplicates(subscribers),
    crashes: hosts.crashes(),
    drainSeconds: Math.max(0, Math.max(...firsts) - backAt) / 1000,
    messagesPerEvent: stores.sent.events / accepted.length,
    messagesPerDelivery: stores.sent.deliveries / owed.length,
    heapBefore,
    heapAfter: await heapOf(environment),
  }
}

async function heapOf({ hosts }: Environment): Promise<number> {
  const heaps = await Promise.all(hosts.all.map((host) => host.heapUsed()))
  return heaps.reduce((sum, each) => sum + each, 0)
}
