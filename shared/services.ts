import { randomUUID } from 'node:crypto'
import { createAccess } from './auth/access.ts'
import { authorizeUrl } from './auth/policy-decision-point.ts'
import { createAltinnToken } from './auth/altinn-token.ts'
import { createAuth } from './auth/auth.ts'
import { createDocumentGrants, openGrantsDocument } from './auth/grants-document.ts'
import { createKeyFailureReport } from './auth/key-failures.ts'
import { systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { newEventId } from './events/event-id.ts'
import { createBackground } from './telemetry/background.ts'
import type { Attempted } from './webhooks/webhook-outcome.ts'
import { createInProgress } from './in-progress.ts'
import { openDatabase } from './azure/cosmos.ts'
import { openDeliveryStore } from './deliveries/delivery-store.ts'
import { openOrderStore } from './deliveries/order-store.ts'
import { createLookup } from './webhooks/lookup.ts'
import { openEventStore } from './events/event-store.ts'
import { createHealth } from './telemetry/health.ts'
import { allowSlowConnections } from './http/slow-connections.ts'
import { openHeartbeatStore } from './telemetry/heartbeat-store.ts'
import { createByteLimit } from './byte-limit.ts'
import { createBoundedMap } from './bounded-map.ts'
import { createConcurrencyLimit } from './webhooks/concurrency-limit.ts'
import { createRecentOutcomes } from './webhooks/recent-outcomes.ts'
import {
  shardKeyOf,
  type DeliveryReference,
  type DrainMessage,
  type InboundMessage,
  type ReplayMessage,
  type ValidationMessage,
} from './messages.ts'
import { openPoisonStore } from './telemetry/poison-store.ts'
import { inboundQueues } from './azure/definitions.ts'
import { openQueueService } from './azure/queue-service.ts'
import { openQueue } from './azure/queue.ts'
import { openShardedQueue } from './azure/sharded-queue.ts'
import { createEventCache } from './events/event-cache.ts'
import { createRegister } from './register/register.ts'
import { openReplayStore } from './deliveries/replay-store.ts'
import { openIdempotencyStore } from './events/idempotency-store.ts'
import { createSubscriptionIndex } from './subscriptions/subscription-index.ts'
import { openSubscriptionStore } from './subscriptions/subscription-store.ts'
import { createServiceState, type ServiceState } from './telemetry/service-state.ts'
import { openTelemetry } from './telemetry/telemetry.ts'
import { createWebhookClient } from './webhooks/webhook-client.ts'

const MAX_UNSAVED = 1000

// An instance of 512 MB has 300 MB for them (docs/capacity.md): an event that is read or written takes five times its bytes.
const MAX_BUFFERED_BYTES = 48_000_000
const MAX_UPLOADED_BYTES = { app: 16_000_000, generic: 4_000_000 } // the scope alone, of no resource, begins the second

/**
 * Creates everything that a function needs, from the settings. Opens no connection: the first call of each part does.
 */
export async function createServices(config: Config) {
  allowSlowConnections()
  const [database, queueService, telemetry] = await Promise.all([
    openDatabase(config.cosmos),
    openQueueService(config.queues),
    openTelemetry(config.telemetryEndpoint),
  ])
  const heartbeats = openHeartbeatStore(database)
  const events = openEventStore(database)
  const auth = createAuth(
    config.auth,
    createKeyFailureReport({ count: telemetry.recordKeyFailure }),
  )
  const states = serviceStates(config, telemetry.recordServiceFailure)
  const lookup = createLookup()
  const subscriptions = openSubscriptionStore(database)
  const inboundQueue = openShardedQueue<InboundMessage>(
    queueService,
    inboundQueues(config.inboundQueues),
    shardKeyOf,
  )
  return {
    clock: systemClock,
    random: Math.random,
    newEventId,
    newToken: randomUUID,
    config,
    telemetry,
    auth,
    access: createAccess(config.access, {
      documentGrants: createDocumentGrants(openGrantsDocument(database)),
      policyState: states.policyDecisionPoint,
    }),
    events,
    eventCache: createEventCache({ find: (reference) => events.find(reference) }),
    idempotency: openIdempotencyStore(database),
    subscriptions,
    deliveries: openDeliveryStore(database, systemClock, config.delivery.retentionSeconds),
    orders: openOrderStore(database),
    replays: openReplayStore(database),
    poison: openPoisonStore(database),
    heartbeats,
    inboundQueue,
    retryQueue: openQueue<DeliveryReference>(queueService, 'events-retry'),
    drainQueue: openQueue<DrainMessage>(queueService, 'drains'),
    validationQueue: openQueue<ValidationMessage>(queueService, 'subscription-validation'),
    replayQueue: openQueue<ReplayMessage>(queueService, 'replays'),
    register: registerOf(config, states.register),
    index: createSubscriptionIndex({ changedSince: subscriptions.changedSince }),
    lookup,
    webhook: createWebhookClient({
      timeoutMs: config.delivery.timeoutMs,
      allowed: config.delivery.allowedNetworks,
      lookup,
    }),
    concurrencyLimit: createConcurrencyLimit(systemClock),
    recentOutcomes: createRecentOutcomes(systemClock.now),
    unsavedOutcomes: createBoundedMap<Attempted & { at: number }>(MAX_UNSAVED),
    bufferedBytes: createByteLimit(MAX_BUFFERED_BYTES),
    uploads: {
      app: createByteLimit(MAX_UPLOADED_BYTES.app),
      generic: createByteLimit(MAX_UPLOADED_BYTES.generic),
    },
    inProgress: createInProgress(),
    background: createBackground(),
    health: createHealth({
      heartbeats,
      inboundQueue,
      keyStates: () => auth.keyStates(),
      services: states,
    }),
  }
}

/** Returns the states of the services that the settings name. */
function serviceStates(
  { access, register }: Config,
  record: (service: string, reason: string) => void,
): { policyDecisionPoint?: ServiceState; register?: ServiceState } {
  const stateOf = (service: string, what: string, address: string) =>
    createServiceState({ what, address, count: (reason) => record(service, reason) })
  return {
    ...('policy' in access && {
      policyDecisionPoint: stateOf(
        'policyDecisionPoint',
        'access.failing',
        authorizeUrl(access.policy),
      ),
    }),
    ...(register && { register: stateOf('register', 'register.failing', register.url) }),
  }
}

/** Returns the register of parties, where the settings name one. */
function registerOf({ register }: Config, state: ServiceState | undefined) {
  if (register === undefined) return undefined
  const { url, subscriptionKey, client } = register
  const token = client && createAltinnToken(client, 'altinn:register/partylookup.admin')
  return createRegister({
    url,
    authorization: async () => ({
      ...(subscriptionKey !== undefined && { 'ocp-apim-subscription-key': subscriptionKey }),
      ...(token && { authorization: `Bearer ${await token.current()}` }),
    }),
    refused: () => token?.refused(),
    state,
  })
}
export type Services = Awaited<ReturnType<typeof createServices>>
