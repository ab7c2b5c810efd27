import type { Clock } from '../../shared/clock.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'

export type Process = ReturnType<typeof createProcess>

interface Options {
  name: string
  scheduler: Scheduler
  random: Random
  /** Epoch ms at which virtual time begins. */
  epoch: number
  /** The ms by which its clock is ahead. */
  clockOffsetMs: number
  /** Returns the current share of steps at which it dies. */
  deathRate: () => number
  /** Returns the current share of steps at which it freezes, for up to a minute. */
  freezeRate: () => number
  onDeath: () => void
}

const MAX_SHORT_FREEZE_MS = 2000
const MAX_FREEZE_MS = 60_000

/**
 * A process of the app. `defer` schedules every step of it: after its death no step runs, so it ends between two awaits;
 * while it is frozen the steps wait, and its clock goes on.
 */
export function createProcess(options: Options) {
  const { name, scheduler, random, epoch, clockOffsetMs, deathRate, freezeRate, onDeath } = options
  let isAlive = true
  let frozenUntil = 0

  function kill(): void {
    if (!isAlive) return
    isAlive = false
    onDeath()
  }

  function defer(ms: number, step: () => void): void {
    scheduler.after(ms, () => resume(step))
  }

  function resume(step: () => void): void {
    if (!isAlive) return
    if (scheduler.now() < frozenUntil) scheduler.at(frozenUntil, () => resume(step))
    else if (random.chance(deathRate())) kill()
    else if (random.chance(freezeRate())) {
      const isLong = random.chance(0.5)
      freeze(random.between(0, isLong ? MAX_FREEZE_MS : MAX_SHORT_FREEZE_MS))
      resume(step)
    } else {
      scheduler.wakes()
      step()
    }
  }

  function freeze(ms: number): void {
    frozenUntil = scheduler.now() + ms
  }

  const clock: Clock = {
    now: () => Math.floor(epoch + scheduler.now() + clockOffsetMs),
    timeout(ms) {
      const { promise, resolve } = Promise.withResolvers<void>()
      let isCancelled = false
      scheduler.after(ms, () => {
        if (!isCancelled) resume(resolve)
      })
      return { ended: promise, cancel: () => void (isCancelled = true) }
    },
  }
  return {
    name,
    clock,
    defer,
    kill,
    isAlive: () => isAlive,
    isRunning: () => isAlive && scheduler.now() >= frozenUntil,
    freeze,
  }
}
