import { createByteLimit } from '../../shared/byte-limit.ts'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { boundAt } from '../../shared/events/event-id.ts'
import type { Services } from '../../shared/services.ts'
import {
  isSubscription,
  dueOf,
  type SubscriptionDocument,
  type SubscriptionOrTombstone,
} from '../../shared/subscriptions/subscription.ts'
import type { Answer } from '../../shared/webhooks/webhook-outcome.ts'
import type { FaultKind } from '../simulation/faults.ts'
import type { Network } from '../simulation/connection.ts'
import { eventKey } from '../simulation/event-store.ts'
import { createProcess } from '../simulation/process.ts'
import { createQueue } from '../simulation/queue.ts'
import { createRandom } from '../simulation/random.ts'
import { createScheduler } from '../simulation/scheduler.ts'
import { config, simulatedServices, type Queues } from '../simulation/services.ts'
import { createContainers, openStores } from '../simulation/stores.ts'
import { createSubscriber } from '../simulation/subscriber.ts'
import { RESOURCE } from './subscription-fixture.ts'

/** The epoch second at which a flow begins, half a second into it. */
export const SECOND = 1_900_000_000
const LONGEST_MS = 600_000

export const timeOfSecond = (second: number): string => new Date(second * 1000).toISOString()

/** A message, and after how many seconds it is to be seen. */
interface Sent {
  queue: keyof Queues
  message: Record<string, unknown>
  delaySeconds: number
}

/** How an endpoint answers a request. */
type Reaction = (
  event: string,
  request: number,
) => { status: number; ms?: number; retryAfter?: string; disable?: boolean }

export type Flows = ReturnType<typeof startFlows>

/**
 * One process over simulated stores, in virtual time: no timer runs, no queue starts anything, what is sent is kept. The
 * endpoints answer as `react` says.
 */
export function startFlows() {
  const epoch = SECOND * 1000 + 500
  const random = createRandom(1)
  const scheduler = createScheduler(random.fork())
  const rates = new Map<FaultKind, number>()
  const calls: string[] = []
  const network: Network = {
    scheduler,
    random,
    faults: { rate: (kind) => rates.get(kind) ?? 0 },
    lagMs: () => 0,
    observe: (_process, call) => void calls.push(call),
  }
  const process = createProcess({
    name: 'p',
    scheduler,
    random,
    epoch,
    clockOffsetMs: 0,
    deathRate: () => 0,
    freezeRate: () => 0,
    onDeath: () => {},
  })
  const containers = createContainers(scheduler, epoch)
  const nobody = { processes: () => [], run: () => Promise.resolve(), poison: () => {} }
  const queue = () => createQueue('none', network, nobody)
  const queues: Queues = {
    inboundQueue: queue(),
    retryQueue: queue(),
    drainQueue: queue(),
    validationQueue: queue(),
    replayQueue: queue(),
  }
  const sent: Sent[] = []
  const keeping = <M extends object>(name: keyof Queues) => ({
    fits: () => true,
    probe: () => Promise.resolve(),
    probeAll: () => Promise.resolve(),
    push: (message: M) => keep(name, message, 0),
    send: (message: M, delaySeconds = 0) => keep(name, message, delaySeconds),
  })
  function keep(name: keyof Queues, message: object, delaySeconds: number): Promise<void> {
    sent.push({ queue: name, message: { ...message }, delaySeconds })
    return Promise.resolve()
  }
  const requests: { event: string; at: number; sequence: string | undefined }[] = []
  const open = { now: 0, max: 0 }
  const endpoint: { react: Reaction } = { react: () => ({ status: 200 }) }
  async function post(
    _url: string,
    _body: string,
    headers: Record<string, string>,
  ): Promise<Answer> {
    const event = headers['webhook-id'] ?? ''
    const began = scheduler.now()
    const { status, ms = 20, retryAfter, disable } = endpoint.react(event, requests.length)
    requests.push({ event, at: process.clock.now(), sequence: headers['webhook-sequence'] })
    open.max = Math.max(open.max, ++open.now)
    await process.clock.timeout(ms).ended
    open.now--
    const said = {
      ...(retryAfter !== undefined && { retryAfter }),
      ...(disable === true && { webhookDelivery: 'disable' }),
    }
    return { kind: 'answered', status, headers: said, body: '', ms: scheduler.now() - began }
  }
  const recorded = { attempts: new Array<string>(), deliveries: new Array<string>(), openings: 0 }
  const simulated = simulatedServices(process, {
    stores: openStores(process, containers, network, 100),
    queues,
    subscriberAt: (url) => createSubscriber(url, [], network, config.delivery.timeoutMs),
    register: undefined,
    random,
    bufferedBytes: createByteLimit(Infinity),
    isUndecided: () => rates.has('access-undecided'),
    trace: () => {},
  })
  const services: Services = {
    ...simulated,
    random: () => 0,
    webhook: { post },
    inboundQueue: keeping('inboundQueue'),
    retryQueue: keeping('retryQueue'),
    drainQueue: keeping('drainQueue'),
    validationQueue: keeping('validationQueue'),
    replayQueue: keeping('replayQueue'),
    telemetry: {
      ...simulated.telemetry,
      recordAttempt: (kind) => void recorded.attempts.push(kind),
      recordDelivery: (state) => void recorded.deliveries.push(state),
      recordOpening: () => void recorded.openings++,
    },
  }
  return {
    services,
    network,
    containers,
    rates,
    calls,
    sent,
    requests,
    open,
    endpoint,
    recorded,
    /** Does the work in virtual time. */
    run: async <T>(work: Promise<T>): Promise<T> => {
      let isOver = false
      const ended = work.finally(() => (isOver = true))
      ended.catch(() => {})
      await scheduler.run(scheduler.now() + LONGEST_MS, () => isOver)
      if (!isOver) throw new Error('It does not end.')
      return ended
    },
    pass: (seconds: number): Promise<void> => scheduler.run(scheduler.now() + seconds * 1000),
    at: (seconds: number, run: () => void): void =>
      scheduler.at(seconds * 1000, () => {
        scheduler.wakes()
        run()
      }),
    seconds: () => Math.floor(process.clock.now() / 1000),
    store: (document: SubscriptionOrTombstone) =>
      containers.subscriptions.insert(`${document.consumer}/${document.id}`, withDue(document)),
    subscription: (id = 'document-1') => containers.subscriptions.find(`/org/ttd/${id}`),
    /** Has someone else write the subscription. */
    change: (modify: (current: SubscriptionDocument) => SubscriptionDocument): void => {
      const found = containers.subscriptions.find('/org/ttd/document-1')
      if (!isSubscription(found)) throw new Error('There is no subscription.')
      containers.subscriptions.replace('/org/ttd/document-1', found._etag, () => modify(found))
    },
    delivery: (event: string, number = 1) => containers.deliveries.find(`${number}/${event}`),
    event: (id: string) => containers.events.find(eventKey(eventOf(id))),
    /** Puts deliveries of subscription 1 into the store, with their events. */
    deliveries: (count: number, given: Partial<DeliveryDocument> = {}, age = 10): string[] => {
      const ids = Array.from({ length: count }, (_, index) => idOf(index + 1, age))
      for (const id of ids) {
        containers.events.insert(eventKey(eventOf(id)), eventOf(id))
        const delivery = deliveryOf(id, given)
        containers.deliveries.insert(`${delivery.subscription}/${id}`, delivery)
      }
      return ids
    },
    addEvent: (event: EventDocument) => containers.events.insert(eventKey(event), event),
    eraseEvent: (id: string) => containers.events.remove(eventKey(eventOf(id))),
  }
}

/** The id of an event that was published so many seconds before the beginning; they ascend with `count`. */
export const idOf = (count: number, age = 10): string =>
  `${boundAt((SECOND - age) * 1000 + count)}7000-8000-000000000000`

/** Returns the message for an event of the resource. */
export const eventMessage = (id: string) => ({
  v: 1 as const,
  event: id,
  resource: RESOURCE,
  subject: '/party/1',
  traceparent: '00-33333333333333333333333333333333-4444444444444444-01',
})

export const eventOf = (id: string, given: Partial<EventDocument> = {}): EventDocument => ({
  v: 1,
  id,
  resource: RESOURCE,
  subject: '/party/1',
  traceparent: '00-11111111111111111111111111111111-2222222222222222-01',
  event: {
    specversion: '1.0',
    id,
    time: new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toISOString(),
    source: 'https://ttd.apps.altinn.no/ttd/app',
    subject: '/party/1',
    type: 'app.instance.created',
    resource: RESOURCE,
  },
  ...given,
})

export const deliveryOf = (
  id: string,
  given: Partial<DeliveryDocument> = {},
): DeliveryDocument => ({
  v: 1,
  id,
  subscription: '1',
  consumer: '/org/ttd',
  subscriptionId: 'document-1',
  resource: RESOURCE,
  subject: '/party/1',
  state: 'backlog',
  run: 0,
  attempt: 0,
  attempts: [],
  traceparent: '00-11111111111111111111111111111111-2222222222222222-01',
  ...given,
})

/** As the store writes it. */
const withDue = <T extends SubscriptionOrTombstone>(document: T): T => ({
  ...document,
  due: dueOf(document),
})
