// A timer trigger: one run after another, never two at once (a time that comes during a run is skipped).
import { setTimeout as sleep } from 'node:timers/promises'
import { parseSchedule } from './schedule.ts'
import { expand } from './settings.ts'
import type { App, AppFunction } from './worker.ts'

/** Makes the timer of a function; a bad schedule is a fault now. `stop` waits for the run in progress. */
export function createTimer(app: App, fn: AppFunction) {
  const nextTime = scheduleOf(fn)
  const stopping = new AbortController()
  let looping: Promise<void> | undefined
  let last: Date | undefined

  async function run() {
    const call = toTimerCall(fn, last)
    last = new Date()
    await app.invoke(fn, call)
  }

  async function until(time: number) {
    while (!stopping.signal.aborted && Date.now() < time) {
      const wait = Math.min(time - Date.now(), 86_400_000) // Node's own timers end at 24.8 days
      await sleep(wait, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }

  async function loop() {
    if (fn.trigger.runOnStartup) await run()
    while (!stopping.signal.aborted) {
      await until(nextTime(new Date()).getTime())
      if (!stopping.signal.aborted) await run()
    }
  }

  async function stop() {
    stopping.abort()
    await looping
  }
  return { start: () => void (looping = loop()), stop }
}

/** What the handler of a timer gets; the library lowers the first letters. */
export function toTimerCall(fn: AppFunction, last?: Date) {
  const now = new Date()
  const never = '0001-01-01T00:00:00+00:00' // .NET's
  const next = scheduleOf(fn)(now).toISOString()
  const ScheduleStatus = {
    Last: last?.toISOString() ?? never,
    LastUpdated: now.toISOString(),
    Next: next,
  }
  const timer = { Schedule: { AdjustForDST: true }, ScheduleStatus, IsPastDue: false }
  return { data: { json: JSON.stringify(timer) } }
}

function scheduleOf(fn: AppFunction) {
  const nextTime = parseSchedule(expand(fn.trigger.schedule ?? ''))
  nextTime(new Date()) // throws where it never comes
  return nextTime
}
