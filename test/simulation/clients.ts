import { acceptEvent } from '../../shared/flows/accept-event.ts'
import { subscribe, unsubscribe } from '../../shared/flows/manage-subscriptions.ts'
import { startReplay } from '../../shared/flows/start-replay.ts'
import { newCloudEvent, type AppEvent } from '../../shared/events/cloud-event.ts'
import { Problem } from '../../shared/http/problem.ts'
import type { Services } from '../../shared/services.ts'
import type { SubscriptionRequest } from '../../shared/subscriptions/subscription-request.ts'
import { nextTraceparent } from '../../shared/telemetry/trace.ts'
import { EPOCH, urlOf, type Cluster } from './cluster.ts'
import { eventKey } from './event-store.ts'
import type { Action, EventPlan, SubscriberPlan } from './plan.ts'

/** An event whose publisher has its 201. */
export interface Accepted {
  /** The key of the plan's event. */
  key: number
  event: AppEvent
  /** Virtual ms at which it was sent. */
  sentAt: number
}

/** The subscription that an owner was told of, and when the request was sent (virtual ms). */
export interface Subscribed {
  number: number
  askedAt: number
}

const CONSUMER = '/org/ttd'
const API = 'https://events.example.org/events/api/v1'
const PATIENCE_MS = 60_000

/** The plan's publishers and owners, who call the app at their times. Returns what was accepted and subscribed, as it comes. */
export function startClients(
  cluster: Cluster,
  plan: { events: EventPlan[]; subscribers: SubscriberPlan[]; actions: Action[] },
): { accepted: Accepted[]; subscribed: Subscribed[] } {
  const { scheduler, random, containers } = cluster
  const accepted: Accepted[] = []
  const subscribed: Subscribed[] = []

  /** Calls a process that runs, if there is one. */
  function call(work: (services: Services) => Promise<void>): void {
    const process = random.any(cluster.running())
    if (process === undefined) scheduler.after(1000, () => call(work))
    else process.defer(1, () => void work(cluster.servicesOf(process)).catch(() => {}))
  }

  /** Calls until it is done: an answer of 503, or none, is followed by another try. */
  function insist(work: (services: Services) => Promise<unknown>): void {
    let isOver = false
    call(async (services) => {
      await work(services).catch((error: unknown) => {
        if (!(error instanceof Problem) || error.status >= 500) throw error
      })
      isOver = true
    })
    scheduler.after(random.between(PATIENCE_MS, 2 * PATIENCE_MS), () => {
      if (!isOver) insist(work)
    })
  }

  function publish({ key, app, type, party }: EventPlan): void {
    const sentAt = scheduler.now()
    const source = `https://ttd.apps.altinn.no/ttd/app${app}/instances/${party}/${key}`
    call(async (services) => {
      const draft = { type, source, subject: `/party/${party}`, specversion: '1.0' }
      const eventOf = (id: string) => newCloudEvent(draft, { org: 'ttd', app: `app${app}` }, id)
      const { document, how } = await acceptEvent(services, {
        eventOf,
        idempotencyKey: undefined,
        owner: [],
        traceparent: nextTraceparent(undefined),
      })
      cluster.trace.add('', `accepted ${document.id}, ${how}`)
      accepted.push({ key, event: eventOf(document.id), sentAt })
    })
  }

  async function withSubscription(
    { subscriptions }: Services,
    subscriber: number,
    work: (
      found: NonNullable<Awaited<ReturnType<typeof subscriptions.byNumber>>>,
    ) => Promise<unknown>,
  ): Promise<void> {
    const endpoint = urlOf(subscriber)
    const { found: owned } = await subscriptions.ofConsumer(CONSUMER, 0, 1000)
    const number = owned.find((each) => each.endpoint === endpoint)?.number
    const found = number === undefined ? undefined : await subscriptions.byNumber(number)
    if (found !== undefined) await work(found)
  }

  function act(action: Action): void {
    const { kind } = action
    switch (kind) {
      case 'subscribe':
        return join(action.subscriber)
      case 'unsubscribe':
        return insist((services) =>
          withSubscription(services, action.subscriber, (found) => unsubscribe(services, found)),
        )
      case 'replay':
        return insist((services) =>
          withSubscription(services, action.subscriber, (found) =>
            startReplay(services, found, {
              only: action.only,
              from: new Date(EPOCH).toISOString(),
              to: new Date(services.clock.now()).toISOString(),
            }),
          ),
        )
      case 'erase': {
        const event = accepted.find(({ key }) => key === action.event)?.event
        if (event !== undefined) containers.events.remove(eventKey(event))
      }
    }
  }

  function join(index: number): void {
    const subscriber = plan.subscribers[index]
    if (subscriber === undefined) return
    insist(async (services) => {
      const askedAt = scheduler.now()
      const made = await subscribe(services, CONSUMER, requestOf(subscriber, index), API)
      subscribed.push({ number: made.subscription.number, askedAt })
    })
  }

  plan.subscribers.forEach(({ subscribes }, index) => scheduler.at(subscribes, () => join(index)))
  plan.events.forEach((each) => scheduler.at(each.at, () => publish(each)))
  plan.actions.forEach((each) => scheduler.at(each.at, () => act(each)))
  return { accepted, subscribed }
}

const requestOf = (
  { app, type, maxPerSecond }: SubscriberPlan,
  index: number,
): SubscriptionRequest => ({
  endpoint: urlOf(index),
  filters: {
    resource: `urn:altinn:resource:app_ttd_app${app}`,
    ...(type !== undefined && { type }),
  },
  ...(maxPerSecond !== undefined && { maxPerSecond }),
})
