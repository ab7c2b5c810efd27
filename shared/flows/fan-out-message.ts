import type { EventReference } from '../events/event-document.ts'
import { timeOf } from '../events/event-id.ts'
import type { InboundMessage } from '../messages.ts'
import type { Services } from '../services.ts'
import { fanOut } from './fan-out.ts'
import { storeSpilled } from './store-spilled-event.ts'

const YOUNG_MS = 60_000 // the sweep has not taken an event that is younger

/** How an event was fanned out, for the log. */
type FannedOut = {
  event: string
  subscribers: number
  outcome: 'written' | 'changed'
}

interface Handed {
  /** How often the host has handed the message over, this time included. */
  tries: number
  traceparent: string
}

/**
 * Does what a message of events-inbound asks for. Returns undefined where nothing is to do: the event is fanned out already,
 * is being fanned out in this process, or could not be stored and goes round the queue once more. Throws where the message
 * must come again.
 */
export async function fanOutMessage(
  services: Services,
  message: InboundMessage,
  { tries, traceparent }: Handed,
): Promise<FannedOut | undefined> {
  const isSpilled = 'spilled' in message
  const reference = isSpilled ? await storeSpilled(services, message, tries) : message
  if (reference === undefined) return undefined
  const isRepeat = isSpilled || tries > 1
  return services.inProgress.once(reference.event, () =>
    fanOutStored(services, reference, { isRepeat, traceparent }),
  )
}

async function fanOutStored(
  services: Services,
  reference: EventReference,
  { isRepeat, traceparent }: { isRepeat: boolean; traceparent: string },
): Promise<FannedOut | undefined> {
  const { events, clock } = services
  const event = await events.find(reference)
  if (event === undefined) throw new Error(`Event ${reference.event} is not to be seen yet.`)
  if (event.pending === undefined) return undefined
  const isOld = clock.now() - timeOf(event.id).getTime() > YOUNG_MS
  const subscribers = await fanOut(services, {
    event,
    session: reference.session,
    traceparent,
    isRepeat: isRepeat || isOld || event.redrives !== undefined,
  })
  const at = new Date(clock.now()).toISOString()
  const { outcome } = await events.markFannedOut(event, subscribers, at)
  return { event: event.id, subscribers, outcome }
}
