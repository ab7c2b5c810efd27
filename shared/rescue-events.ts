import type { OverdueEvent } from './events.ts'
import { referenceTo } from './message.ts'
import { inParallel } from './parallel.ts'
import type { Services } from './services.ts'

const AT_ONCE = 16

/**
 * Sends every event whose fan-out is overdue to it again, oldest first, until none is left or `endMs` (epoch) has come.
 * Each is taken first, for 1, 2, 4 … 60 minutes: a backlog is sent once, not by every sweep. Gives how many were sent.
 */
export async function rescueEvents(services: Services, endMs: number): Promise<number> {
  for (let sent = 0; ;) {
    const overdue = await services.events.overdue()
    if (overdue.length === 0 || Date.now() > endMs) return sent
    await inParallel(overdue, AT_ONCE, async (event) => {
      if (await rescue(services, event)) sent++
    })
  }
}

async function rescue({ events, inbound }: Services, event: OverdueEvent): Promise<boolean> {
  const { outcome, session } = await events.take(
    event,
    60 * Math.min(60, 2 ** (event.rescues ?? 0)),
  )
  if (outcome === 'changed') return false // another sweep's, or its fan-out has just ended
  await inbound.send(referenceTo(event, session))
  return true
}
