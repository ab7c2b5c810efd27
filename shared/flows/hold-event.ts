import type { ByteLimit } from '../byte-limit.ts'
import type { Clock } from '../clock.ts'
import type { EventReference } from '../events/event-document.ts'
import type { Services } from '../services.ts'

/**
 * Calls `work` with the body of an event, which counts towards the buffered bytes until that has ended; with undefined when
 * the event is not visible (yet). A caller that waits holds nothing: what does not fit is dropped, and read again when it is sent.
 * Returns undefined where there is no room before `endMs`: what the caller has read would be old by then.
 */
export async function withEventBody<T>(
  services: Services,
  reference: EventReference,
  endMs: number,
  work: (body: Buffer | undefined) => Promise<T>,
): Promise<T | undefined> {
  const bytes = await sizeOf(services, reference)
  if (bytes === undefined) return work(undefined)
  const release = await acquireUntil(services.bufferedBytes, services.clock, bytes, endMs)
  if (release === undefined) return undefined
  try {
    return await work(await services.eventCache.find(reference))
  } finally {
    release()
  }
}

/** Holds bytes as soon as there is room. Returns undefined where that is not before `endMs`, in epoch milliseconds. */
export function acquireUntil(
  limit: ByteLimit,
  clock: Clock,
  bytes: number,
  endMs: number,
): Promise<(() => void) | undefined> {
  const wait = clock.timeout(Math.max(0, endMs - clock.now()))
  return limit.acquireBefore(wait.ended, bytes).finally(wait.cancel)
}

/** Returns the size of an event's body, or undefined when the event is not visible (yet). */
export const sizeOf = async (
  { eventCache }: Pick<Services, 'eventCache'>,
  reference: EventReference,
): Promise<number | undefined> => (await eventCache.find(reference))?.length
