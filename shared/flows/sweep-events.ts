import { nowSeconds } from '../clock.ts'
import { referenceTo } from '../events/event-document.ts'
import type { OverdueEvent } from '../events/event-store.ts'
import type { Services } from '../services.ts'
import { redrive } from './redrive.ts'

interface Needed extends Pick<Services, 'clock'> {
  events: Pick<Services['events'], 'overdue' | 'claim'>
  inboundQueue: Pick<Services['inboundQueue'], 'send'>
}

/**
 * Sends events whose fan-out is overdue to it again, the longest overdue first, within the bounds of `redrive`. Claims
 * each first, for 1, 2, 4 … 60 minutes, so that not every sweep sends a backlog again. Returns how many were sent.
 */
export const sweepEvents = (services: Needed, endMs: number): Promise<number> =>
  redrive(
    services,
    () => services.events.overdue(nowSeconds(services.clock)),
    (event) => redriveEvent(services, event),
    endMs,
  )

async function redriveEvent(
  { events, inboundQueue, clock }: Needed,
  event: OverdueEvent,
): Promise<boolean> {
  const until = nowSeconds(clock) + claimSeconds(event.redrives)
  const { outcome, session } = await events.claim(event, until)
  if (outcome === 'changed') return false // another sweep claimed it, or its fan-out has just ended
  await inboundQueue.send(referenceTo(event, session))
  return true
}

const MINUTE = 60

/** Returns for how many seconds to claim overdue work after so many redrives: 1, 2, 4 … 60 minutes. */
export const claimSeconds = (redrives = 0): number => MINUTE * Math.min(60, 2 ** redrives)
