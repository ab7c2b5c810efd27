import { createClock } from './clock.ts'
import { owedFor } from './ledger.ts'
import { planOf, type Size } from './plan.ts'
import type { Profile } from './profiles.ts'
import { progressOf, rowOf, type LossRow } from './row.ts'
import { startScene, type Stage } from './scene.ts'
import { settle } from './settle.ts'
import { illSubscribers, wellSubscribers } from './subscribers.ts'
import { breakStores, keepSweeping, wreak } from './trouble.ts'

const PROGRESS_MS = 5000

export interface Run {
  name: string
  seed: number
  size: Size
  profile: Profile
  /** Whether all goes well: no fault, no kill, nothing emptied, nobody ill. */
  isWell: boolean
  onProgress?: (line: string) => void
  /** Called when all is published, and nothing is killed any more. */
  onPublished?: () => void
}

/** One run: publishes while everything breaks as the seed says, waits until all is delivered or dead, and counts. */
export async function runLoss(stage: Stage, run: Run): Promise<LossRow> {
  const { name, seed, size, profile, faultShare, onProgress, onPublished } = run
  const clock = createClock()
  const plan = planOf(seed, size)
  const subscribers = isWell ? wellSubscribers : illSubscribers(plan, clock, seed)
  const scene = await startScene(stage, { profile, name, subscribers })
  const { stores, hosts, publisher } = scene
  const progress = setInterval(() => onProgress?.(progressOf(scene, clock)), PROGRESS_MS)
  const sweeping = new AbortController()
  try {
    clock.begin()
    if (!isWell) breakStores(stores, plan, clock, seed, size.faultShare)
    const publishing = plan.events.map(async (event) => {
      await clock.until(event.at)
      await publisher.publish(event)
    })
    await Promise.all([...publishing, !isWell && wreak(plan, clock, hosts, stores)])
    onPublished?.()
    const owed = owedFor(publisher.published.accepted, scene.subscribers)
    const settled = await settle(owed, stores, profile.settleSeconds)
    return rowOf({ seed, times: profile.name, seconds: clock.elapsed() / 1000 }, scene, settled)
  } finally {
    clearInterval(progress)
    sweeping.abort()
    await scene.stop()
  }
}
