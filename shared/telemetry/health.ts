import { timers, type openHeartbeatStore, type Timer } from './heartbeat-store.ts'
import type { openShardedQueue } from '../azure/sharded-queue.ts'
import { withTimeout } from '../azure/timeout.ts'
import type { ServiceState } from './service-state.ts'

const CACHE_MS = 5000
const TIMEOUT_MS = 1800
const MAX_HEARTBEAT_AGE_SECONDS = 120 // four runs; a crashed instance's timers go on elsewhere after some 48 s (host.json, singleton)

/** Whether the app is well; a part, or the keys at an address, that are not say why. */
export interface Health {
  isWell: boolean
  parts: Record<'cosmos' | 'queue' | Timer, string>
  keys: Record<string, string>
  /** How the services answer that decisions and numbers are asked of, where the settings name them. */
  services: Record<string, string>
}

/** How the keys at an address are. */
export interface KeyState {
  address: string
  /** `well`, or since when and why they cannot be fetched. */
  status: string
  hasKeys: boolean
}

interface Sources {
  heartbeats: ReturnType<typeof openHeartbeatStore>
  inboundQueue: Pick<ReturnType<typeof openShardedQueue>, 'probeAll'>
  /** The first is that of the keys without which nobody can be let in. */
  keyStates: () => [KeyState, ...KeyState[]]
  services?: Record<string, Pick<ServiceState, 'status'>>
}

/**
 * Makes the check of what the app cannot work without: at most 5 s old, within 2 s, however many ask. The other services are
 * shown but never make it unhealthy: kept answers serve, and most requests need none.
 */
export function createHealth({ heartbeats, inboundQueue, keyStates, services = {} }: Sources) {
  let last: { at: number; result: Promise<Health> } | undefined

  async function check(): Promise<Health> {
    const [ages, queue] = await Promise.allSettled([
      withTimeout(TIMEOUT_MS, () =>
        Promise.all(timers.map((timer) => heartbeats.ageSeconds(timer))),
      ),
      inboundQueue.probeAll(TIMEOUT_MS),
    ])
    const timerStatus = (timer: Timer) =>
      ages.status === 'fulfilled' ? statusOf(ages.value[timers.indexOf(timer)]) : 'not known'
    const parts = {
      cosmos: ages.status === 'fulfilled' ? 'well' : 'does not answer',
      queue: queue.status === 'fulfilled' ? 'well' : String(Object(queue.reason).message),
      'sweep-events': timerStatus('sweep-events'),
      'sweep-deliveries': timerStatus('sweep-deliveries'),
      'sweep-subscriptions': timerStatus('sweep-subscriptions'),
      gauge: timerStatus('gauge'),
    }
    const [altinn, ...platform] = keyStates()
    const canVerify = altinn.status === 'well' || altinn.hasKeys
    return {
      isWell: canVerify && Object.values(parts).every((status) => status === 'well'),
      parts,
      keys: Object.fromEntries(
        [altinn, ...platform].map(({ address, status }) => [address, status]),
      ),
      services: Object.fromEntries(
        Object.entries(services).map(([name, state]) => [name, state.status()]),
      ),
    }
  }
  return (): Promise<Health> => {
    if (last === undefined || Date.now() - last.at > CACHE_MS)
      last = { at: Date.now(), result: check() }
    return last.result
  }
}

function statusOf(ageSeconds: number | undefined): string {
  if (ageSeconds === undefined) return 'has not run yet'
  return ageSeconds <= MAX_HEARTBEAT_AGE_SECONDS
    ? 'well'
    : `last ran ${Math.round(ageSeconds)} s ago`
}
