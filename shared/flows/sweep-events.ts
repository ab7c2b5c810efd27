import { nowSeconds } from '../clock.ts'
import { referenceTo } from '../events/event-document.ts'
import type { OverdueEvent } from '../events/event-store.ts'
import type { Services } from '../services.ts'
import { redrive } from './redrive.ts'

/**
 * Sends every event whose fan-out is overdue to it again, the longest overdue first, until none is left or `endMs` (epoch)
 * has come. Each is claimed first, for 1, 2, 4 … 60 minutes: a backlog is sent once, not by every sweep. Returns how many
 * were sent.
 */
export const sweepEvents = (services: Services, endMs: number): Promise<number> =>
  redrive(
    services,
    () => services.events.overdue(nowSeconds(services.clock)),
    (event) => redriveEvent(services, event),
    endMs,
  )

async function redriveEvent(
  { events, inboundQueue, clock }: Services,
  event: OverdueEvent,
): Promise<boolean> {
  const until = nowSeconds(clock) + claimSeconds(event.redrives)
  const { outcome, session } = await events.claim(event, until)
  if (outcome === 'changed') return false // another sweep's, or its fan-out has just ended
  await inboundQueue.send(referenceTo(event, session))
  return true
}

const MINUTE = 60

/** For how long what is overdue is claimed, after so many times: 1, 2, 4 … 60 minutes, in seconds. */
export const claimSeconds = (redrives = 0): number => MINUTE * Math.min(60, 2 ** redrives)
