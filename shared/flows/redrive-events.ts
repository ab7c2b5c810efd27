import type { OverdueEvent } from '../events/event-store.ts'
import { referenceTo } from '../messages.ts'
import { rescueAll } from './redrive-overdue.ts'
import type { Services } from '../services.ts'

/**
 * Sends every event whose fan-out is overdue to it again, oldest first, until none is left or `endMs` (epoch) has come.
 * Each is taken first, for 1, 2, 4 … 60 minutes: a backlog is sent once, not by every sweep. Gives how many were sent.
 */
export const rescueEvents = (services: Services, endMs: number): Promise<number> =>
  rescueAll(services.events.overdue, (event) => rescue(services, event), endMs)

async function rescue({ events, inbound }: Services, event: OverdueEvent): Promise<boolean> {
  const { outcome, session } = await events.take(
    event,
    60 * Math.min(60, 2 ** (event.rescues ?? 0)),
  )
  if (outcome === 'changed') return false // another sweep's, or its fan-out has just ended
  await inbound.send(referenceTo(event, session))
  return true
}
