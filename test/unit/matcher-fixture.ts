import type { AppEvent } from '../../shared/events/cloud-event.ts'
import { createMatcher } from '../../shared/subscriptions/matcher.ts'
import type { SubscriptionDocument } from '../../shared/subscriptions/subscription.ts'
import { RESOURCE } from './subscription-fixture.ts'

export const SOURCE = 'https://ttd.apps.altinn.no/ttd/app'

export const event: AppEvent = {
  specversion: '1.0',
  id: '019b0000-0000-7000-8000-000000000000',
  time: '2026-02-01T00:00:00.000Z',
  source: `${SOURCE}/instances/500/1`,
  subject: '/party/500',
  type: 'app.instance.created',
  resource: RESOURCE,
}

/** A matcher that knows these subscriptions. */
export function matcherOf(...subscriptions: SubscriptionDocument[]) {
  const matcher = createMatcher()
  for (const each of subscriptions) matcher.put(each)
  return matcher
}
type Matcher = ReturnType<typeof createMatcher>

/** The numbers of the subscriptions that are matched by the event, or by one like it. */
export const numbersFor = (matcher: Matcher, of: Partial<AppEvent> = {}, alternative?: string) =>
  matcher
    .match({ ...event, ...of }, alternative, Date.parse(of.time ?? event.time))
    .map(({ number }) => number)
    .toSorted((a, b) => a - b)
