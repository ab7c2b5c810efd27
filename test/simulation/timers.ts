import { SWEEP_MS } from '../../shared/handlers.ts'
import type { Services } from '../../shared/services.ts'
import type { Network } from './connection.ts'
import type { TimerFunction } from './functions.ts'
import type { Process } from './process.ts'
import type { Containers } from './stores.ts'

const PERIOD_MS = 30_000

interface Options {
  network: Network
  epoch: number
  containers: Containers
  /** Returns the processes that can run it now. */
  processes: () => Process[]
  servicesOf: (process: Process) => Services
  trace: (process: Process, what: string) => void
}

/**
 * Starts a timer: every 30 s one process runs it; a fault makes it two, or none. Skips runs that would find no due
 * document, which are most of the 2,880 a day.
 */
export function startTimer(
  { name, container, run }: TimerFunction,
  { network, epoch, containers, processes, servicesOf, trace }: Options,
): void {
  const { scheduler, random, faults } = network
  let scheduledAt = Infinity

  /** Schedules a run for the first tick after `seconds`, an epoch time. */
  function scheduleRun(seconds: number): void {
    const due = Math.max(scheduler.now() + 1, seconds * 1000 - epoch)
    const tick = Math.ceil(due / PERIOD_MS) * PERIOD_MS
    if (tick >= scheduledAt) return
    scheduledAt = tick
    scheduler.at(tick, () => {
      if (scheduledAt === tick) runTick()
    })
  }

  function runTick(): void {
    scheduledAt = Infinity
    if (!random.chance(faults.rate('timer-missed'))) runIn(random.pickOptional(processes()))
    if (random.chance(faults.rate('timer-doubled'))) runIn(random.pickOptional(processes()))
    scheduleRun(earliestDueTime())
  }

  function runIn(process: Process | undefined): void {
    process?.defer(random.between(0, 100), () => {
      const services = servicesOf(process)
      const finished = run(services, services.clock.now() + SWEEP_MS)
      finished.then(
        (count) => trace(process, `${name}: ${count}`),
        (error: unknown) => trace(process, `${name} failed: ${String(error)}`),
      )
    })
  }

  function earliestDueTime(): number {
    let first = Infinity
    for (const document of containers[container].all()) first = Math.min(first, dueTimeOf(document))
    if (container === 'subscriptions')
      for (const replay of containers.replays.all()) first = Math.min(first, dueTimeOf(replay))
    return first
  }

  function onWrite(document: WaitingDocument | undefined): void {
    if (document !== undefined) scheduleRun(dueTimeOf(document))
  }
  containers[container].onWrite(onWrite)
  if (container === 'subscriptions') containers.replays.onWrite(onWrite)
}

/** The epoch seconds from which a sweep finds a document. */
interface WaitingDocument {
  pending?: number
  due?: number
}
const dueTimeOf = ({ pending, due }: WaitingDocument): number => pending ?? due ?? Infinity
