import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from './clock.ts'
import type { Hosts } from './hosts.ts'
import { isWithin, type LossPlan } from './plan.ts'
import { createRandom } from './random.ts'
import { cosmosFaults, queueFaults } from './store-faults.ts'
import type { Profile } from './profiles.ts'
import type { Stores } from './stores.ts'

const BURST_SHARE = 0.5 // of the requests to a store

/** Makes a share of the requests to the stores meet faults, and more during the bursts of the plan. */
export function injectStoreFaults(
  stores: Stores,
  plan: LossPlan,
  clock: Clock,
  seed: number,
  share: number,
): void {
  const shareOf = (store: keyof LossPlan['faultBursts']) => () =>
    isWithin(plan.faultBursts[store], clock.elapsed()) ? BURST_SHARE : share
  stores.plan(
    cosmosFaults(createRandom(seed + 1), shareOf('cosmos')),
    queueFaults(createRandom(seed + 2), shareOf('queue')),
  )
}

/** Kills the processes of the app and empties the queues, at the times of the plan. */
export async function killAndEmpty(
  { kills, emptyAt }: LossPlan,
  clock: Clock,
  hosts: Hosts,
  stores: Stores,
) {
  const killing = kills.map(async ({ at, host, downMs }) => {
    await clock.until(at)
    await hosts.kill(host, downMs)
  })
  const emptying = clock.until(emptyAt).then(() => stores.emptyQueues())
  await Promise.all([...killing, emptying])
}

/** Starts the sweeps every `sweepSeconds` until the signal aborts. Returns at once without `sweepSeconds`. */
export async function sweepRepeatedly(
  hosts: Hosts,
  stores: Stores,
  { sweepSeconds, leaseSeconds }: Profile,
  signal: AbortSignal,
): Promise<void> {
  if (sweepSeconds === undefined) return
  while (await waited(sweepSeconds * 1000, signal)) {
    if (leaseSeconds !== undefined) await stores.endOldLeases(leaseSeconds)
    await hosts.sweep()
  }
}

/** Returns false when the signal aborts. */
const waited = (ms: number, signal: AbortSignal): Promise<boolean> =>
  sleep(ms, true, { signal }).catch(() => false)
