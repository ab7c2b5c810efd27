import { setTimeout as sleep } from 'node:timers/promises'
import { createClock } from './clock.ts'
import { missingOf, owedFor, type Owed } from './expected-deliveries.ts'
import { planOf, type Size } from './plan.ts'
import type { Profile } from './profiles.ts'
import { progressOf, rowOf, type LossRow } from './result.ts'
import { startScene, type Stage } from './environment.ts'
import { settle } from './wait-until-settled.ts'
import { illSubscribers, wellSubscribers } from './subscribers.ts'
import { breakStores, keepSweeping, wreak } from './faults.ts'

const PROGRESS_MS = 5000
const MOST = 0.9

export interface Run {
  name: string
  seed: number
  size: Size
  profile: Profile
  /** Whether all goes well: no fault, no kill, nothing emptied, nobody ill. */
  isWell: boolean
  onProgress?: (line: string) => void
  /** Called when all is published and most of it has come to the subscriber that is well: the rest is waiting. */
  onMostDone?: () => void
}

/** One run: publishes while everything breaks as the seed says, waits until all is delivered or dead, and counts. */
export async function runLoss(stage: Stage, run: Run): Promise<LossRow> {
  const { name, seed, size, profile, isWell, onProgress, onMostDone } = run
  const clock = createClock()
  const plan = planOf(seed, size)
  const subscribers = isWell ? wellSubscribers : illSubscribers(plan, clock, seed)
  const scene = await startScene(stage, { profile, name, subscribers })
  const { stores, hosts, publisher } = scene
  const progress = setInterval(() => onProgress?.(progressOf(scene, clock)), PROGRESS_MS)
  const ended = new AbortController()
  try {
    clock.begin()
    if (!isWell) breakStores(stores, plan, clock, seed, size.faultShare)
    const publishing = plan.events.map(async (event) => {
      await clock.until(event.at)
      await publisher.publish(event)
    })
    await Promise.all([...publishing, !isWell && wreak(plan, clock, hosts, stores)])
    if (profile.endsCalm) stores.calm()
    void keepSweeping(hosts, profile.sweepSeconds, ended.signal)
    const { accepted } = publisher.published
    void untilMost(owedFor(accepted, scene.subscribers.slice(0, 1)), ended.signal).then(onMostDone)
    const settled = await settle(owedFor(accepted, scene.subscribers), stores, profile.quietSeconds)
    const seconds = clock.elapsed() / 1000
    return rowOf({ seed, size, times: profile.name, seconds }, scene, settled)
  } finally {
    clearInterval(progress)
    ended.abort()
    await scene.stop()
  }
}

async function untilMost(owed: Owed[], end: AbortSignal): Promise<void> {
  while (!end.aborted && missingOf(owed).length > owed.length * (1 - MOST)) await sleep(500)
}
