import { Cron } from 'croner'
import type { App, AppFunction } from './worker.ts'

/** A timer trigger: one run after another (a time that comes during a run is skipped). Throws for a bad schedule. */
export function createTimer(app: App, fn: AppFunction) {
  const schedule = parseSchedule(fn.schedule)
  let last = '0001-01-01T00:00:00+00:00' // .NET's "never"
  let running: Promise<unknown> = Promise.resolve()

  async function run() {
    const now = new Date().toISOString()
    const scheduleStatus = { last, lastUpdated: now, next: schedule.nextRun()?.toISOString() }
    const timer = { schedule: { adjustForDST: true }, scheduleStatus, isPastDue: false }
    const done = app.invoke(fn, { data: { json: JSON.stringify(timer) } })
    running = Promise.all([running, done])
    last = now
    await done
  }

  /** Waits for what runs. */
  function stop() {
    schedule.stop()
    return running
  }
  return { fn, run, start: () => void schedule.schedule(run), stop }
}

/**
 * Reads an NCRONTAB schedule, in UTC: six fields of numbers, * , - and /. Day and weekday must both fit, unlike in cron.
 * Throws for names and TimeSpans, and for what croner has and NCRONTAB has not.
 */
export function parseSchedule(text = '') {
  if (!/^([\d*,/-]+\s+){5}[0-6*,/-]+$/.test(text))
    throw new Error(`the schedule "${text}" is not six fields of numbers, * , - and /`)
  const cron = new Cron(text, { mode: '6-part', domAndDow: true, utcOffset: 0, protect: true })
  if (!cron.nextRun()) throw new Error(`the schedule "${text}" never comes`)
  return cron
}
