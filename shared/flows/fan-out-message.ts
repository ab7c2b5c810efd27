import type { Stored } from '../azure/documents.ts'
import { nowSeconds } from '../clock.ts'
import { referenceTo, type EventDocument, type EventReference } from '../events/event-document.ts'
import { withBody, type EventWithBody } from '../events/event-body.ts'
import { timeOf } from '../events/event-id.ts'
import type { InboundMessage } from '../messages.ts'
import type { Services } from '../services.ts'
import { fanOut } from './fan-out.ts'
import { storeSpilled } from './store-spilled-event.ts'

/**
 * The fan-out of an older event counts as a repeat, which looks for records: an earlier one may be under way or have
 * broken off.
 */
export const FIRST_FAN_OUT_MS = 60_000

const SWEEP_MARGIN_SECONDS = 20

/** The result of a fan-out, for the log. */
type FannedOut = {
  event: string
  subscribers: number
  outcome: 'written' | 'changed'
}

/** An event to fan out, or none, whose bytes are counted until `release`. */
interface BufferedEvent {
  found: EventWithBody | undefined
  release: () => void
}

interface MessageMetadata {
  /** How often the host has delivered the message, this time included. */
  dequeueCount: number
  traceparent: string
}

/**
 * Handles a message of events-inbound. Returns undefined when there is nothing to do: the event is already fanned out,
 * another invocation of this process is fanning it out, or it could not be stored and was queued again. Throws when the
 * host must retry the message.
 */
export async function fanOutMessage(
  services: Services,
  message: InboundMessage,
  { dequeueCount, traceparent }: MessageMetadata,
): Promise<FannedOut | undefined> {
  const isSpilled = 'spilled' in message
  const reference = isSpilled ? await storeSpilled(services, message, dequeueCount) : message
  if (reference === undefined) return undefined
  const isRepeat = isSpilled || dequeueCount > 1
  return services.inProgress.once(reference.event, () =>
    fanOutStored(services, reference, { isRepeat, traceparent }),
  )
}

async function fanOutStored(
  services: Services,
  reference: EventReference,
  { isRepeat, traceparent }: { isRepeat: boolean; traceparent: string },
): Promise<FannedOut | undefined> {
  const { found, release } = await readBuffered(services, reference)
  try {
    return found && (await fanOutRead(services, reference, found, { isRepeat, traceparent }))
  } finally {
    release()
  }
}

/** Reads an event and counts its bytes. What does not fit is dropped, and read again when it is sent. */
async function readBuffered(services: Services, reference: EventReference): Promise<BufferedEvent> {
  const read = await tryRead(services, reference)
  if (typeof read !== 'number') return read
  const release = await services.bufferedBytes.acquire(read)
  try {
    return { found: await findPending(services, reference), release }
  } catch (error) {
    release()
    throw error
  }
}

/** Returns the size of an event that does not fit. A function of its own, so that nothing keeps the event. */
async function tryRead(
  services: Services,
  reference: EventReference,
): Promise<BufferedEvent | number> {
  const found = await findPending(services, reference)
  const bytes = found?.body.length ?? 0
  const release = services.bufferedBytes.tryAcquire(bytes)
  return release === undefined ? bytes : { found, release }
}

async function fanOutRead(
  services: Services,
  reference: EventReference,
  { event, body }: EventWithBody,
  { isRepeat, traceparent }: { isRepeat: boolean; traceparent: string },
): Promise<FannedOut | undefined> {
  const { events, clock } = services
  const claimed = await claimIfAlmostOverdue(services, event)
  if (claimed === undefined) return undefined
  if (await isDuplicate(services, claimed)) return undefined
  const isOld = clock.now() - timeOf(event.id).getTime() > FIRST_FAN_OUT_MS
  const subscribers = await fanOut(services, {
    event,
    body,
    session: reference.session,
    traceparent,
    isRepeat: isRepeat || isOld || event.redrives !== undefined,
  })
  const at = new Date(clock.now()).toISOString()
  const { outcome } = await events.markFannedOut(claimed, subscribers, at)
  return { event: event.id, subscribers, outcome }
}

/**
 * Returns an event to fan out, or undefined when that is done. It is a function of its own so that nothing keeps the data
 * of 48 events, parsed, until their subscribers have answered.
 */
async function findPending(
  { events }: Services,
  reference: EventReference,
): Promise<EventWithBody | undefined> {
  const event = await events.find(reference)
  if (event === undefined) throw new Error(`Event ${reference.event} is not visible yet.`)
  return event.pending === undefined ? undefined : withBody(event)
}

/** Marks a generic event that repeats another one: its publisher has given the same source and id before. */
async function isDuplicate(services: Services, event: Stored<EventDocument>): Promise<boolean> {
  const { events } = services
  const first = await firstOfName(services, event)
  if (first === event.id) return false
  const copy =
    event.late && (await events.find({ ...referenceTo(event, undefined), event: event.late }))
  if (copy) await events.markDuplicate(copy, first) // before the event: as long as that is pending, this is done again
  await events.markDuplicate(event, first)
  return true
}

/**
 * Returns the document id of the first event with the publisher, source and id of this one: its own for an app's, whose
 * ids are unique. Throws when the store does not confirm which was first.
 */
export async function firstOfName(
  { idempotency }: Pick<Services, 'idempotency'>,
  event: EventDocument,
): Promise<string> {
  if (event.publisher === undefined) return event.id
  const first = await idempotency.reserveName(event, event.publisher)
  if (first === undefined) throw new Error(`Event ${event.id} cannot be compared with others yet.`)
  return first
}

/**
 * Postpones the sweep of an event that is due soon: otherwise another instance would fan it out at the same time.
 * Returns undefined when another instance claimed it first.
 */
async function claimIfAlmostOverdue(
  { events, clock, config }: Services,
  event: Stored<EventDocument>,
): Promise<Stored<EventDocument> | undefined> {
  const now = nowSeconds(clock)
  if (event.pending === undefined || event.pending - now > SWEEP_MARGIN_SECONDS) return event
  const claimed = await events.claim(event, now + config.repairAfterSeconds)
  return claimed.outcome === 'written' ? { ...event, _etag: claimed.etag } : undefined
}
