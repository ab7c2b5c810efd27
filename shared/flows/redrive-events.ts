import { referenceTo } from '../events/event-document.ts'
import type { OverdueEvent } from '../events/event-store.ts'
import type { Services } from '../services.ts'
import { redriveOverdue } from './redrive-overdue.ts'

/**
 * Sends every event whose fan-out is overdue to it again, oldest first, until none is left or `endMs` (epoch) has come.
 * Each is taken first, for 1, 2, 4 … 60 minutes: a backlog is sent once, not by every sweep. Gives how many were sent.
 */
export const redriveEvents = (services: Services, endMs: number): Promise<number> =>
  redriveOverdue(services.events.overdue, (event) => redriveEvent(services, event), endMs)

async function redriveEvent(
  { events, inboundQueue }: Services,
  event: OverdueEvent,
): Promise<boolean> {
  const { outcome, session } = await events.claim(
    event,
    60 * Math.min(60, 2 ** (event.redrives ?? 0)),
  )
  if (outcome === 'changed') return false // another sweep's, or its fan-out has just ended
  await inboundQueue.send(referenceTo(event, session))
  return true
}
