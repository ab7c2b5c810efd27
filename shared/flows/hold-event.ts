import type { EventReference } from '../events/event-document.ts'
import type { Services } from '../services.ts'

/**
 * Calls `work` with the body of an event, which counts towards the bytes in hand until that has ended; with undefined when
 * the event is not visible (yet). Who waits holds nothing: what does not fit is dropped, and read again in its turn.
 */
export async function withEventBody<T>(
  services: Services,
  reference: EventReference,
  work: (body: Buffer | undefined) => Promise<T>,
): Promise<T> {
  const bytes = await sizeOf(services, reference)
  if (bytes === undefined) return work(undefined)
  const release = await services.bytesInHand.acquire(bytes)
  try {
    return await work(await services.eventCache.find(reference))
  } finally {
    release()
  }
}

/** Returns the size of an event's body, or undefined when the event is not visible (yet). */
export const sizeOf = async (
  { eventCache }: Pick<Services, 'eventCache'>,
  reference: EventReference,
): Promise<number | undefined> => (await eventCache.find(reference))?.length
