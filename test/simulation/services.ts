import { createAuth } from '../../shared/auth/auth.ts'
import { readConfig } from '../../shared/config.ts'
import { createEventCache } from '../../shared/events/event-cache.ts'
import { createInProgress } from '../../shared/in-progress.ts'
import type { Services } from '../../shared/services.ts'
import { createSubscriptionIndex } from '../../shared/subscriptions/subscription-index.ts'
import { openTelemetry } from '../../shared/telemetry/telemetry.ts'
import { createByteLimit, type ByteLimit } from '../../shared/byte-limit.ts'
import { createBoundedMap } from '../../shared/bounded-map.ts'
import { createConcurrencyLimit } from '../../shared/webhooks/concurrency-limit.ts'
import { createRecentOutcomes } from '../../shared/webhooks/recent-outcomes.ts'
import type { Attempted } from '../../shared/webhooks/webhook-outcome.ts'
import { RETENTION_DAYS, type openStores } from './stores.ts'
import type { Process } from './process.ts'
import type { SimulatedQueue } from './queue.ts'
import type { Random } from './random.ts'
import type { Subscriber } from './subscriber.ts'

/** The default settings, with addresses that nothing calls. */
export const config = readConfig({
  Cosmos: 'AccountEndpoint=https://cosmos.invalid;AccountKey=a2V5',
  QueueStorage: 'UseDevelopmentStorage=true',
  ALTINN_OPENID_CONFIGURATION_URL: 'https://altinn.invalid/openid',
  PLATFORM_TOKEN_JWKS_URL: 'https://altinn.invalid/jwks',
  DELIVERED_RETENTION_DAYS: String(RETENTION_DAYS),
})
const telemetry = await openTelemetry(undefined, () => {})
const auth = createAuth(config.auth)

const MAX_UNSAVED = 1000

/** The queues, named as in the services. */
export interface Queues {
  inboundQueue: SimulatedQueue
  retryQueue: SimulatedQueue
  drainQueue: SimulatedQueue
  validationQueue: SimulatedQueue
  replayQueue: SimulatedQueue
}

interface Environment {
  stores: ReturnType<typeof openStores>
  queues: Queues
  /** Returns the subscriber of an endpoint. Throws when there is none. */
  subscriberAt: (url: string) => Subscriber
  register: Services['register']
  random: Random
  bufferedBytes: ByteLimit
  /** Of the open requests to a subscriber; undefined is as the app has it. */
  maxOpenBytes?: number
  /** Whether the policy decision point gives no decision now. */
  isUndecided: () => boolean
  trace: (what: string) => void
}

/** Returns the services of a process: the real ones over simulated stores, queues and subscribers. */
export function simulatedServices(process: Process, environment: Environment): Services {
  const { clock } = process
  const { stores, queues, subscriberAt, register, random, isUndecided, trace } = environment
  const { bufferedBytes, maxOpenBytes } = environment
  const { events, deliveries, orders, subscriptions, replays } = stores
  const inbound: Omit<Services['inboundQueue'], 'probeAll'> = queues.inboundQueue.openIn(process)
  const inboundQueue = { ...inbound, probeAll: inbound.probe } // there is one
  const heartbeats = noHeartbeats
  return {
    clock,
    random: random.next,
    newEventId: eventIds(clock.now, random),
    newToken: () => `00000000-0000-4000-8000-${digits(random)}`,
    config,
    telemetry,
    auth,
    access: {
      decidedBy: 'policy',
      isPermitted: () =>
        isUndecided() ? Promise.reject(new Error('no decision')) : Promise.resolve(true),
    },
    events,
    eventCache: createEventCache({
      find: (reference) => events.find(reference),
      now: clock.now,
    }),
    idempotency: {
      reserve: () => Promise.reject(new Error('The simulation has no idempotency keys.')),
      reserveName: () => Promise.reject(new Error('The simulation has no generic events.')),
    },
    subscriptions,
    deliveries,
    orders,
    replays,
    poison: {
      keep: ({ reason }) => Promise.resolve(trace(`poison: ${reason}`)),
      count: () => Promise.resolve(0),
    },
    heartbeats,
    inboundQueue,
    retryQueue: queues.retryQueue.openIn(process),
    drainQueue: queues.drainQueue.openIn(process),
    validationQueue: queues.validationQueue.openIn(process),
    replayQueue: queues.replayQueue.openIn(process),
    register,
    index: createSubscriptionIndex({ changedSince: subscriptions.changedSince, now: clock.now }),
    lookup: () => Promise.resolve(['93.184.215.14']),
    webhook: {
      async post(url, body, headers) {
        const event = headers['webhook-id'] ?? ''
        const isValidation = body.includes('platform.events.validatesubscription')
        trace(`POST ${url} ${isValidation ? 'validation ' : ''}${event}`)
        const number = headers['webhook-sequence']
        const sequence = number === undefined ? undefined : Number(number)
        const answer = await subscriberAt(url).receive(process, event, isValidation, sequence)
        trace(`POST ${url} ${event}: ${answer.kind === 'answered' ? answer.status : answer.reason}`)
        return answer
      },
    },
    concurrencyLimit: createConcurrencyLimit(clock, maxOpenBytes),
    recentOutcomes: createRecentOutcomes(clock.now),
    unsavedOutcomes: createBoundedMap<Attempted & { at: number }>(MAX_UNSAVED),
    bufferedBytes,
    uploads: { app: createByteLimit(0), generic: createByteLimit(0) },
    inProgress: createInProgress(),
    background: {
      run: (work) => void work.catch((error: unknown) => trace(`background: ${String(error)}`)),
      idle: () => Promise.resolve(),
    },
    health: () => Promise.reject(new Error('The simulation has no health check.')),
  }
}

const noHeartbeats = {
  beat: () => Promise.resolve(),
  ageSeconds: () => Promise.resolve(0),
}

/** Returns a source of ascending UUIDv7s, by a clock and a seeded generator. */
function eventIds(now: () => number, random: Random): () => string {
  let last = 0
  return () => {
    last = Math.max(now(), last + 1)
    const time = last.toString(16).padStart(12, '0')
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${digits(random)}`
  }
}

/** Returns the last twelve digits of a UUID. */
const digits = (random: Random): string =>
  random
    .integer(0, 2 ** 31)
    .toString(16)
    .padStart(12, '0')
