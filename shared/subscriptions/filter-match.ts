import type { CloudEvent } from '../events/cloud-event.ts'
import { canonicalSource } from '../events/source.ts'
import { sourceMatches, type SubscriptionEntry } from './subscription.ts'

type Compared = Pick<CloudEvent, 'subject' | 'type' | 'source'>

/** Whether the subject of a subscription is the event's, or any. */
export const subjectMatches = (
  { subject }: SubscriptionEntry,
  event: Pick<CloudEvent, 'subject'>,
): boolean => subject === undefined || subject === event.subject

/** Whether a subscription includes subunits, and its subject is one of these main units. */
export const isMainUnit = (
  { includeSubunits, subject }: SubscriptionEntry,
  mainUnits: string[],
): boolean => includeSubunits && subject !== undefined && mainUnits.includes(subject)

/** Whether it was validated by a time in ms of the epoch. */
export const wasValid = ({ validated }: SubscriptionEntry, acceptedMs: number): boolean =>
  (validated ?? Infinity) <= acceptedMs

/**
 * Returns a function that tells whether the filters beside the subject match an event of the same resource. `alternative`
 * is the event's stored alternative subject. It compares a source once: most subscriptions to an app have the same.
 */
export function createFilterMatch(
  event: Pick<Compared, 'type' | 'source'>,
  alternative: string | undefined,
): (entry: SubscriptionEntry) => boolean {
  let canonical: string | undefined
  let compared: string | undefined
  let isFrom = false
  function comesFrom(source: string): boolean {
    if (source === compared) return isFrom
    canonical ??= canonicalSource(event.source)
    compared = source
    isFrom = sourceMatches(source, canonical)
    return isFrom
  }
  return (entry) =>
    (entry.alternative === undefined || entry.alternative === alternative) &&
    (entry.type === undefined || entry.type === event.type) &&
    (entry.source === undefined || comesFrom(entry.source))
}
