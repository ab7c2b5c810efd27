import { setTimeout as sleep } from 'node:timers/promises'
import { createClock } from './clock.ts'
import { undelivered, expectedDeliveries, type ExpectedDelivery } from './expected-deliveries.ts'
import { planOf, type Size } from './plan.ts'
import type { Profile } from './profiles.ts'
import { progressOf, resultOf, type LossResult } from './result.ts'
import { startEnvironment, type BackingServices } from './environment.ts'
import { waitUntilEnded } from './wait-until-ended.ts'
import { failingSubscribers, healthySubscribers } from './subscribers.ts'
import { injectStoreFaults, sweepRepeatedly, killAndEmpty } from './faults.ts'

const PROGRESS_MS = 5000
const MOSTLY_DELIVERED = 0.9 // of the deliveries

export interface Run {
  name: string
  seed: number
  size: Size
  profile: Profile
  /** Whether the run has no fault, no kill, no emptied queue and only healthy subscribers. */
  isBaseline: boolean
  onProgress?: (line: string) => void
  /** Called when all events are published and most have reached the healthy subscriber. The rest is waiting. */
  onMostlyDelivered?: () => void
}

/** Publishes during the faults of the seed, waits until every delivery is made or dead, and returns the result. */
export async function runLoss(services: BackingServices, run: Run): Promise<LossResult> {
  const { name, seed, size, profile, isBaseline, onProgress, onMostlyDelivered } = run
  const clock = createClock()
  const plan = planOf(seed, size)
  const subscribers = isBaseline ? healthySubscribers : failingSubscribers(plan, clock, seed)
  const environment = await startEnvironment(services, { profile, name, subscribers })
  const { stores, hosts, publisher } = environment
  const progress = setInterval(() => onProgress?.(progressOf(environment, clock)), PROGRESS_MS)
  const ended = new AbortController()
  try {
    clock.begin()
    if (!isBaseline) injectStoreFaults(stores, plan, clock, seed, size.faultShare)
    const publishing = plan.events.map(async (event) => {
      await clock.until(event.at)
      await publisher.publish(event)
    })
    await Promise.all([...publishing, !isBaseline && killAndEmpty(plan, clock, hosts, stores)])
    if (profile.isFaultFreeAtEnd) stores.clearFaults()
    void sweepRepeatedly(hosts, stores, profile, ended.signal)
    const { accepted } = publisher.published
    void waitUntilMost(
      expectedDeliveries(accepted, environment.subscribers.slice(0, 1)),
      ended.signal,
    ).then(onMostlyDelivered)
    const result = await waitUntilEnded(
      expectedDeliveries(accepted, environment.subscribers),
      stores,
      profile.idleTimeoutSeconds,
    )
    const seconds = clock.elapsed() / 1000
    return resultOf({ seed, size, profile: profile.name, seconds }, environment, result)
  } finally {
    clearInterval(progress)
    ended.abort()
    await environment.stop()
  }
}

async function waitUntilMost(expected: ExpectedDelivery[], end: AbortSignal): Promise<void> {
  while (!end.aborted && undelivered(expected).length > expected.length * (1 - MOSTLY_DELIVERED))
    await sleep(500)
}
