import { acceptEvent, type Accepted } from '../../shared/flows/accept-event.ts'
import { subscribe, unsubscribe } from '../../shared/flows/manage-subscriptions.ts'
import { pauseSubscription, resumeSubscription } from '../../shared/flows/pause-subscription.ts'
import { startReplay } from '../../shared/flows/start-replay.ts'
import { newCloudEvent, type AppEvent } from '../../shared/events/cloud-event.ts'
import { Problem } from '../../shared/http/problem.ts'
import type { Services } from '../../shared/services.ts'
import type { SubscriptionRequest } from '../../shared/subscriptions/subscription-request.ts'
import { nextTraceparent } from '../../shared/telemetry/trace.ts'
import { EPOCH, endpointOf, type Cluster } from './cluster.ts'
import { eventKey } from './event-store.ts'
import { MAIN_UNIT } from './register.ts'
import type { Action, EventPlan, Plan, SubscriberPlan } from './plan.ts'

/** An event that was answered with 201. */
export interface AcceptedEvent {
  /** The key of the plan's event. */
  key: number
  event: AppEvent
  /** Virtual ms at which the request was sent, and answered. */
  sentAt: number
  acceptedAt: number
  how: Accepted['how']
}

/** A subscription that an owner has got, and when the request was sent (virtual ms). */
export interface CreatedSubscription {
  number: number
  requestedAt: number
}

const CONSUMER = '/org/ttd'
/** Every third subscriber's right was decided on, so it is asked about again. */
const ownerOf = (index: number) => ({
  consumer: CONSUMER,
  ...(index % 3 === 0 && { accessBy: 'policy' as const }),
})
const API = 'https://events.example.org/events/api/v1'
const RETRY_AFTER_MS = 60_000
const LONGEST_FREEZE_MS = 5 * 60_000 // of a process, and of a request in it

/** Starts the publishers and owners of a plan. Returns two lists that grow as the app answers. */
export function startClients(
  cluster: Cluster,
  plan: Pick<Plan, 'events' | 'subscribers' | 'actions' | 'faultsEndAt'>,
): { accepted: AcceptedEvent[]; subscriptions: CreatedSubscription[] } {
  const { scheduler, random, containers } = cluster
  const accepted: AcceptedEvent[] = []
  const created: CreatedSubscription[] = []

  /** Calls a running process; while there is none, tries again every second. */
  function call(work: (services: Services) => Promise<void>): void {
    const process = random.pickOptional(cluster.running())
    if (process === undefined) scheduler.after(1000, () => call(work))
    else process.defer(1, () => void work(cluster.servicesOf(process)).catch(() => {}))
  }

  /** Calls until the answer is below 500. */
  function callUntilDone(work: (services: Services) => Promise<unknown>): void {
    let isDone = false
    call(async (services) => {
      await work(services).catch((error: unknown) => {
        if (!(error instanceof Problem) || error.status >= 500) throw error
      })
      isDone = true
    })
    scheduler.after(random.between(RETRY_AFTER_MS, 2 * RETRY_AFTER_MS), () => {
      if (!isDone) callUntilDone(work)
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
      const acceptedAt = scheduler.now()
      accepted.push({ key, event: eventOf(document.id), sentAt, acceptedAt, how })
    })
  }

  async function withSubscription(
    { subscriptions }: Services,
    subscriber: number,
    work: (
      found: NonNullable<Awaited<ReturnType<typeof subscriptions.byNumber>>>,
    ) => Promise<unknown>,
  ): Promise<void> {
    const endpoint = endpointOf(subscriber)
    const { found: owned } = await subscriptions.ofConsumer(CONSUMER, 0, 1000)
    const number = owned.find((each) => each.endpoint === endpoint)?.number
    const found = number === undefined ? undefined : await subscriptions.byNumber(number)
    if (found !== undefined) await work(found)
  }

  function perform(action: Action): void {
    const { kind } = action
    switch (kind) {
      case 'subscribe':
        return createSubscription(action.subscriber)
      case 'unsubscribe':
        return callUntilDone((services) =>
          withSubscription(services, action.subscriber, (found) => unsubscribe(services, found)),
        )
      case 'pause':
        return pause(action)
      case 'replay':
        return callUntilDone((services) =>
          withSubscription(services, action.subscriber, (found) =>
            startReplay(services, found, {
              only: action.only,
              from: new Date(EPOCH).toISOString(),
              to: new Date(services.clock.now()).toISOString(),
            }),
          ),
        )
      case 'erase':
        return erase(action.event)
    }
  }

  /** Erases an event and its deliveries, as `npm run erase` does. */
  function erase(key: number): void {
    const event = accepted.find((each) => each.key === key)?.event
    if (event === undefined) return
    for (const { subscription, id } of containers.deliveries.all())
      if (id === event.id) containers.deliveries.remove(`${subscription}/${id}`)
    containers.events.remove(eventKey(event))
  }

  /** Pauses and resumes; and resumes once more at the end, for a frozen process may pause again later than that. */
  function pause({ at, subscriber, ms }: Action & { kind: 'pause' }): void {
    const change = (how: typeof pauseSubscription) => () =>
      callUntilDone((services) =>
        withSubscription(services, subscriber, (found) => how(services, found)),
      )
    change(pauseSubscription)()
    for (const end of [at + ms, plan.faultsEndAt + LONGEST_FREEZE_MS])
      scheduler.at(end, change(resumeSubscription))
  }

  function createSubscription(index: number): void {
    const subscriber = plan.subscribers[index]
    if (subscriber === undefined) return
    callUntilDone(async (services) => {
      const requestedAt = scheduler.now()
      const { subscription } = await subscribe(
        services,
        ownerOf(index),
        requestOf(subscriber, index),
        API,
      )
      created.push({ number: subscription.number, requestedAt })
    })
  }

  plan.subscribers.forEach(({ subscribesAt }, index) =>
    scheduler.at(subscribesAt, () => createSubscription(index)),
  )
  plan.events.forEach((each) => scheduler.at(each.at, () => publish(each)))
  plan.actions.forEach((each) => scheduler.at(each.at, () => perform(each)))
  return { accepted, subscriptions: created }
}

const requestOf = (
  { app, type, maxPerSecond, ordered, hasSubunits }: SubscriberPlan,
  index: number,
): SubscriptionRequest => ({
  endpoint: endpointOf(index),
  filters: {
    resource: `urn:altinn:resource:app_ttd_app${app}`,
    ...(type !== undefined && { type }),
    ...(hasSubunits && { subject: MAIN_UNIT, includeSubunits: true }),
  },
  ...(maxPerSecond !== undefined && { maxPerSecond }),
  ...(ordered !== undefined && { ordered }),
})
