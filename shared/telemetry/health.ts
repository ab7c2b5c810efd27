import { timers, type openHeartbeatStore, type Timer } from './heartbeat-store.ts'
import type { openQueue } from '../azure/queue.ts'
import { withTimeout } from '../azure/timeout.ts'

const CACHE_MS = 5000
const TIMEOUT_MS = 1800
const MAX_HEARTBEAT_AGE_SECONDS = 120 // four runs

/** Whether each part is well; a part that is not says why. */
export type Health = Record<'cosmos' | 'queue' | Timer, string>

interface Parts {
  heartbeats: ReturnType<typeof openHeartbeatStore>
  inbound: Pick<ReturnType<typeof openQueue>, 'probe'>
}

/**
 * Creates the health check of the parts that the app needs: at most 5 s old, within 2 s, shared by concurrent callers.
 */
export function createHealth({ heartbeats, inbound }: Parts) {
  let last: { at: number; result: Promise<Health> } | undefined

  async function check(): Promise<Health> {
    const [ages, queue] = await Promise.allSettled([
      withTimeout(TIMEOUT_MS, () =>
        Promise.all(timers.map((timer) => heartbeats.ageSeconds(timer))),
      ),
      inbound.probe(TIMEOUT_MS),
    ])
    const wordOf = (timer: Timer) =>
      ages.status === 'fulfilled' ? statusOf(ages.value[timers.indexOf(timer)]) : 'not known'
    return {
      cosmos: ages.status === 'fulfilled' ? 'well' : 'does not answer',
      queue: queue.status === 'fulfilled' ? 'well' : 'does not answer',
      'sweep-events': wordOf('sweep-events'),
      'sweep-deliveries': wordOf('sweep-deliveries'),
      'sweep-subscriptions': wordOf('sweep-subscriptions'),
      gauge: wordOf('gauge'),
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
