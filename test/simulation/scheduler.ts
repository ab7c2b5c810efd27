import { createHeap } from './heap.ts'
import type { Random } from './random.ts'

export type Scheduler = ReturnType<typeof createScheduler>

/** Something that happens at a moment of virtual time. */
interface Task {
  at: number
  /** Decides between tasks of one moment. */
  tie: number
  run: () => void
}

/** Steps that are queued at once: the event loop goes round once for all, and drains the microtasks after each. */
const BATCH = 32
const MAX_STEPS = 50_000_000

/**
 * Virtual time, in ms from the beginning. One task runs after the other, and before the next one everything that was
 * waiting for it has run too: all microtasks are drained.
 */
export function createScheduler(random: Random) {
  const tasks = createHeap<Task>((a, b) => a.at - b.at || a.tie - b.tie)
  let now = 0
  let steps = 0

  function at(time: number, run: () => void): void {
    tasks.push({ at: Math.max(now, time), tie: random.next(), run })
  }

  /** Runs the next task; false where there is none before `until`, or `isDone` says so. */
  function step(until: number, isDone: () => boolean): boolean {
    if (isDone()) return false
    const next = tasks.peek()
    if (next === undefined || next.at > until) {
      now = Math.max(now, until)
      return false
    }
    if (++steps > MAX_STEPS) throw new Error('The simulation does not come to an end.')
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

    /** When the next task runs; undefined where there is none. */
    nextAt: (): number | undefined => tasks.peek()?.at,

    /** Runs tasks until virtual time is `until`, or `isDone` after one of them. Rejects with what a task throws. */
    run: (until: number, isDone: () => boolean = () => false): Promise<void> =>
      new Promise((resolve, reject) => {
        let queued = 0
        let isOver = false
        function turn(): void {
          queued--
          if (isOver) return
          try {
            isOver = !step(until, isDone)
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
