import { createClock, type Clock } from './clock.ts'
import { duplicatesOf, missingOf, owedFor } from './expected-deliveries.ts'
import { LARGE } from './plan.ts'
import type { Profile } from './profiles.ts'
import { progressOf } from './result.ts'
import { startScene, type Scene, type Stage } from './environment.ts'
import { settle } from './wait-until-settled.ts'
import { unavailable } from './store-faults.ts'
import type { Stores } from './stores.ts'
import { keepSweeping } from './faults.ts'

const CALM_MS = 5000 // before and after
const REHEARSAL_SECONDS = 8 // an outage before the outage: what it loads and compiles is then there, and no growth
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
export interface OutageRow {
  store: 'cosmos' | 'queue'
  times: string
  seconds: number
  accepted: number
  /** Events without a 201, those that fit into a message and the larger ones. */
  refusedSmall: number
  refusedLarge: number
  /** How often each status was answered. */
  answers: Record<string, number>
  /** The longest wait for a refusal, in ms, and how many 503s did not say when to try again. */
  slowestRefusal: number
  silent503: number
  owed: number
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
export async function runOutage(stage: Stage, outage: Outage): Promise<OutageRow> {
  const clock = createClock()
  const subscribers = [{ name: 'well', behaviour: () => ({}) }]
  const { profile, store } = outage
  const scene = await startScene(stage, { profile, name: `outage-${store}`, subscribers })
  const progress = setInterval(() => outage.onProgress?.(progressOf(scene, clock)), PROGRESS_MS)
  const sweeping = new AbortController()
  void keepSweeping(scene.hosts, profile.sweepSeconds, sweeping.signal)
  try {
    clock.begin()
    const publishing = publish(scene, clock, outage)
    await clock.until(CALM_MS)
    await takeDown(scene.stores, { store, seconds: REHEARSAL_SECONDS })
    await clock.until(CALM_MS + REHEARSAL_SECONDS * 1000 + CALM_MS)
    const heapBefore = await heapOf(scene)
    await takeDown(scene.stores, outage)
    const backAt = Date.now()
    await publishing
    return await countOf(scene, outage, { heapBefore, backAt })
  } finally {
    clearInterval(progress)
    sweeping.abort()
    await scene.stop()
  }
}

async function publish({ publisher }: Scene, clock: Clock, outage: Outage): Promise<void> {
  const seconds = outage.seconds + REHEARSAL_SECONDS + (3 * CALM_MS) / 1000
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
      again: false,
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

async function countOf(
  scene: Scene,
  { store, seconds, profile }: Outage,
  { heapBefore, backAt }: { heapBefore: number; backAt: number },
): Promise<OutageRow> {
  const { publisher, subscribers, stores, hosts } = scene
  const { accepted, refused, answers, slowestRefusal, silent503 } = publisher.published
  const owed = owedFor(accepted, subscribers)
  const { dead, lost } = await settle(owed, stores, profile.quietSeconds)
  const backlog = owed.filter(({ event }) => event.at <= backAt)
  const firsts = backlog.map(
    ({ event, subscriber }) => subscriber.got.get(event.id)?.firstAt ?? Infinity,
  )
  return {
    store,
    times: profile.name,
    seconds,
    accepted: accepted.length,
    refusedSmall: refused.filter(({ data }) => data === undefined).length,
    refusedLarge: refused.filter(({ data }) => data !== undefined).length,
    answers,
    slowestRefusal,
    silent503,
    owed: owed.length,
    delivered: owed.length - missingOf(owed).length,
    dead,
    lost,
    duplicates: duplicatesOf(subscribers),
    crashes: hosts.crashes(),
    drainSeconds: Math.max(0, Math.max(...firsts) - backAt) / 1000,
    messagesPerEvent: stores.sent.events / accepted.length,
    messagesPerDelivery: stores.sent.deliveries / owed.length,
    heapBefore,
    heapAfter: await heapOf(scene),
  }
}

async function heapOf({ hosts }: Scene): Promise<number> {
  const heaps = await Promise.all(hosts.all.map((host) => host.holding()))
  return heaps.reduce((sum, each) => sum + each, 0)
}
