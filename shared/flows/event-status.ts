import { isOriginal, type EventDocument } from '../events/event-document.ts'
import { timeOf } from '../events/event-id.ts'
import { isEventId } from '../events/read-request.ts'
import { Problem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import type { Matcher } from '../subscriptions/matcher.ts'
import type { SubscriptionEntry } from '../subscriptions/subscription.ts'
import { findMainUnits } from './find-main-units.ts'
import { registerUnavailable } from './find-party.ts'
import { deliveryOutcome } from './read-deliveries.ts'

const MAX_SUBSCRIBERS = 100 // a read for each

/**
 * Returns an event, its trace, when it was accepted and fanned out, and what has become of its delivery to each subscription that
 * exists; the first 100. Throws a 404 when the resource has no such event, a 503 while the register does not say whose
 * subunit it is about.
 */
export async function eventStatus(services: Services, resource: string, id: string) {
  const found = await findEvent(services, resource, id)
  if (found === undefined) throw new Problem(404, `There is no event ${id} of ${resource}.`)
  const matcher = await services.index.current()
  const includesSubunits = (of: string) => includesAnySubunits(matcher, of) // deliveries of disabled ones too
  const mainUnits = await findMainUnits(services, { includesSubunits }, found)
  if (mainUnits === 'unavailable') throw registerUnavailable()
  const subscribers = matcher
    .matchAny(found.event, found.alternative, mainUnits)
    .slice(0, MAX_SUBSCRIBERS)
  const deliveries = await Promise.all(
    subscribers.map((subscriber) => deliveryTo(services, subscriber, found.id)),
  )
  const { fanOut, traceparent } = found
  return {
    event: found.event,
    accepted: timeOf(found.id).toISOString(),
    traceparent,
    ...(fanOut !== undefined && { fannedOut: { at: fanOut.at, subscribers: fanOut.count } }),
    deliveries: deliveries.filter((delivery) => delivery !== undefined),
  }
}

/** Whether a subscription to the resource, active or not, includes subunits. */
const includesAnySubunits = (matcher: Matcher, resource: string): boolean =>
  [...matcher.all()].some(
    (entry) => entry.includeSubunits && entry.resource === resource.toLowerCase(),
  )

/** Finds an event by the id that its publisher and its readers know; not a copy, which has no deliveries. */
async function findEvent(
  { events }: Services,
  resource: string,
  id: string,
): Promise<EventDocument | undefined> {
  const generic = await events.withEventId(resource, id)
  const first = generic.find(isOriginal)
  if (first !== undefined) return events.ofId(resource, first.id)
  const found = isEventId(id) ? await events.ofId(resource, id.toLowerCase()) : undefined
  return found?.publisher === undefined && found?.copyOf === undefined ? found : undefined
}

async function deliveryTo(
  { deliveries }: Services,
  { number, consumer }: SubscriptionEntry,
  event: string,
) {
  const found = await deliveries.find(String(number), event)
  if (found === undefined) return undefined
  return {
    subscription: number,
    consumer,
    ...deliveryOutcome(found),
    attempts: found.attempts.length,
  }
}
