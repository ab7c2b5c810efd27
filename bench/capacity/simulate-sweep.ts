import { sweepDeliveries } from '../../shared/flows/sweep-deliveries.ts'
import { sweepEvents } from '../../shared/flows/sweep-events.ts'
import { SWEEP_MS } from '../../shared/handlers.ts'
import type { OverdueWork, Spent } from './overdue-work.ts'

const RUN_SECONDS = 30 // functions/sweep-events.ts

const queue = { send: () => Promise.resolve() } // what is claimed counts as sent

export const sweeps = {
  'sweep-events': ({ clock, ...events }: OverdueWork, endMs: number) =>
    sweepEvents({ clock, events, inboundQueue: queue }, endMs),
  'sweep-deliveries': ({ clock, ...deliveries }: OverdueWork, endMs: number) =>
    sweepDeliveries({ clock, deliveries, retryQueue: queue }, endMs),
}

/** Runs a sweep every 30 s of virtual time, for so long or until a run finds nothing. Returns what each run took. */
export async function simulateSweep(
  work: OverdueWork,
  sweep: keyof typeof sweeps,
  seconds = Infinity,
): Promise<Spent[]> {
  const runs: Spent[] = []
  for (let second = 0; second < seconds; second += RUN_SECONDS) {
    work.goTo(second)
    const before = { ...work.spent }
    const sent = await sweeps[sweep](work, work.clock.now() + SWEEP_MS)
    if (sent === 0 && seconds === Infinity) return runs
    runs.push(difference(work.spent, before))
  }
  return runs
}

const difference = (spent: Spent, before: Spent): Spent => ({
  queries: spent.queries - before.queries,
  requests: spent.requests - before.requests,
  loaded: spent.loaded - before.loaded,
  claims: spent.claims - before.claims,
  units: spent.units - before.units,
})
