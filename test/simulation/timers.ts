import type { Services } from '../../shared/services.ts'
import type { Network } from './connection.ts'
import type { TimerFunction } from './functions.ts'
import type { Process } from './process.ts'
import type { Containers } from './stores.ts'

const EVERY_MS = 30_000
const WORK_MS = 20_000

interface Options {
  network: Network
  epoch: number
  containers: Containers
  /** The processes that may run it now. */
  processes: () => Process[]
  servicesOf: (process: Process) => Services
  trace: (process: Process, what: string) => void
}

/**
 * Starts a timer: every 30 s one process runs it, or now and then two, or none. Runs that would find nothing, because no
 * document's time has come, are left out: days are made of them.
 */
export function startTimer(
  { name, container, run }: TimerFunction,
  { network, epoch, containers, processes, servicesOf, trace }: Options,
): void {
  const { scheduler, random, faults } = network
  let plannedAt = Infinity

  /** Plans a run for the first tick after an epoch second. */
  function wakeAt(seconds: number): void {
    const due = Math.max(scheduler.now() + 1, seconds * 1000 - epoch)
    const tick = Math.ceil(due / EVERY_MS) * EVERY_MS
    if (tick >= plannedAt) return
    plannedAt = tick
    scheduler.at(tick, () => {
      if (plannedAt === tick) start()
    })
  }

  function start(): void {
    plannedAt = Infinity
    if (!random.chance(faults.rate('timer-missed'))) runIn(random.any(processes()))
    if (random.chance(faults.rate('timer-doubled'))) runIn(random.any(processes()))
    wakeAt(earliest())
  }

  function runIn(process: Process | undefined): void {
    process?.defer(random.between(0, 100), () => {
      const services = servicesOf(process)
      const isSent = run(services, services.clock.now() + WORK_MS)
      isSent.then(
        (count) => trace(process, `${name}: ${count}`),
        (error: unknown) => trace(process, `${name} failed: ${String(error)}`),
      )
    })
  }

  function earliest(): number {
    let least = Infinity
    for (const document of containers[container].all()) least = Math.min(least, wakerOf(document))
    if (container === 'subscriptions')
      for (const replay of containers.replays.all()) least = Math.min(least, wakerOf(replay))
    return least
  }

  function note(document: Waiting | undefined): void {
    if (document !== undefined) wakeAt(wakerOf(document))
  }
  containers[container].onWrite(note)
  if (container === 'subscriptions') containers.replays.onWrite(note)
}

/** What a document says of when it waits for the sweep: epoch seconds. */
interface Waiting {
  pending?: number
  due?: number
  wake?: number
}
const wakerOf = ({ pending, due, wake }: Waiting): number => pending ?? due ?? wake ?? Infinity
