import { timers, type openHeartbeatStore, type Timer } from './heartbeat-store.ts'
import type { openQueue } from '../azure/queue.ts'
import { withTimeout } from '../azure/timeout.ts'

const FRESH_MS = 5000
const LIMIT_MS = 1800
const SILENT_SECONDS = 120 // four runs; a crashed instance's timers go on elsewhere after some 48 s (host.json, singleton)

/** Whether each part is well; a part that is not says why. */
export type Health = Record<'cosmos' | 'queue' | Timer, string>

interface Parts {
  heartbeats: ReturnType<typeof openHeartbeatStore>
  inbound: Pick<ReturnType<typeof openQueue>, 'probe'>
}

/** Makes the check of the parts the app cannot work without: at most 5 s old, within 2 s, however many ask. */
export function createHealth({ heartbeats, inbound }: Parts) {
  let last: { at: number; result: Promise<Health> } | undefined

  async function check(): Promise<Health> {
    const [ages, queue] = await Promise.allSettled([
      withTimeout(LIMIT_MS, () => Promise.all(timers.map((timer) => heartbeats.ageSeconds(timer)))),
      inbound.probe(LIMIT_MS),
    ])
    const wordOf = (timer: Timer) =>
      ages.status === 'fulfilled' ? wordFor(ages.value[timers.indexOf(timer)]) : 'not known'
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
    if (last === undefined || Date.now() - last.at > FRESH_MS)
      last = { at: Date.now(), result: check() }
    return last.result
  }
}

function wordFor(ageSeconds: number | undefined): string {
  if (ageSeconds === undefined) return 'has not run yet'
  return ageSeconds <= SILENT_SECONDS ? 'well' : `last ran ${Math.round(ageSeconds)} s ago`
}
