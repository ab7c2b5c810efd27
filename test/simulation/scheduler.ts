import { createHeap } from './heap.ts'
import type { Random } from './random.ts'

export type Scheduler = ReturnType<typeof createScheduler>

/** A task, and the virtual ms at which it runs. */
interface Task {
  at: number
  /** A random order of the tasks with the same time. */
  tie: number
  run: () => void
}

/** The callbacks per turn of the event loop, which drains the microtasks after each. */
const BATCH = 32
const MAX_STEPS = 50_000_000

/** Virtual time, in ms from the start. Runs one task after another, and drains the microtasks that one has caused. */
export function createScheduler(random: Random) {
  const tasks = createHeap<Task>((a, b) => a.at - b.at || a.tie - b.tie)
  let now = 0
  let steps = 0
  let hasMicrotasks = false

  function at(time: number, run: () => void): void {
    tasks.push({ at: Math.max(now, time), tie: random.next(), run })
  }

  /** Runs tasks until one has woken a process. Returns false when it is over. */
  function runUntilWoken(until: number, isDone: () => boolean): boolean {
    hasMicrotasks = false
    for (;;) {
      if (!step(until, isDone)) return false
      if (hasMicrotasks) return true
    }
  }

  /** Runs the next task. Returns false when there is none until `until`, or when `isDone` returns true. */
  function step(until: number, isDone: () => boolean): boolean {
    if (isDone()) return false
    const next = tasks.peek()
    if (next === undefined || next.at > until) {
      now = Math.max(now, until)
      return false
    }
    if (++steps > MAX_STEPS) throw new Error(`The simulation takes more than ${MAX_STEPS} steps.`)
    tasks.pop()
    now = next.at
    next.run()
    return true
  }

  return {
    now: () => now,
    steps: () => steps,
    at,
    after: (ms: number, run: () => void): void => at(now + ms, run),

    /** Tells that this task wakes a process, whose microtasks must run before the next task. */
    wakes: (): void => void (hasMicrotasks = true),

    /** Runs tasks until the virtual time `until`, or until `isDone` returns true. Rejects with the error of a task. */
    run: (until: number, isDone: () => boolean = () => false): Promise<void> =>
      new Promise((resolve, reject) => {
        let queued = 0
        let isOver = false
        function turn(): void {
          queued--
          if (isOver) return
          try {
            isOver = !runUntilWoken(until, isDone)
          } catch (error) {
            isOver = true
            reject(error)
          }
          if (isOver) resolve()
          else if (queued === 0) queue()
        }
        function queue(): void {
          for (; queued < BATCH; queued++) setImmediate(turn)
        }
        queue()
      }),
  }
}
