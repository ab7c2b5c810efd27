import { createAuth } from './auth/auth.ts'
import type { Config } from './config.ts'
import { openDatabase } from './azure/cosmos.ts'
import { openDeliveries } from './deliveries/delivery-store.ts'
import { createLookup } from './webhooks/endpoint.ts'
import { openEvents } from './events/event-store.ts'
import { createHealth } from './flows/health.ts'
import { openHeartbeat } from './telemetry/heartbeat-store.ts'
import { createInFlight } from './webhooks/concurrency-limit.ts'
import type {
  DeliveryReference,
  InboundMessage,
  ReplayMessage,
  ValidationMessage,
} from './messages.ts'
import { openPoison } from './telemetry/poison-store.ts'
import { openQueue, openQueueService } from './azure/queue.ts'
import { createRecentEvents } from './events/event-cache.ts'
import { openReplays } from './deliveries/replay-store.ts'
import { openRequests } from './events/idempotency-store.ts'
import { createSightings } from './subscriptions/circuit-breaker.ts'
import { createSubscriptionIndex } from './subscriptions/subscription-index.ts'
import { openSubscriptions } from './subscriptions/subscription-store.ts'
import { openTelemetry } from './telemetry/telemetry.ts'
import { createWebhookClient } from './webhooks/webhook-client.ts'

/** Everything a function needs of the world, built from the settings. Opens nothing: the first call of each part does. */
export async function createServices(config: Config) {
  const [database, queueService, telemetry] = await Promise.all([
    openDatabase(config.cosmos),
    openQueueService(config.queues),
    openTelemetry(config.telemetryEndpoint),
  ])
  const heartbeat = openHeartbeat(database)
  const events = openEvents(database)
  const lookup = createLookup()
  const subscriptions = openSubscriptions(database)
  const inbound = openQueue<InboundMessage>(queueService, 'events-inbound')
  return {
    config,
    telemetry,
    auth: createAuth(config.auth),
    events,
    recentEvents: createRecentEvents({ find: events.find }),
    requests: openRequests(database),
    subscriptions,
    deliveries: openDeliveries(database),
    replays: openReplays(database),
    poison: openPoison(database),
    heartbeat,
    inbound,
    outbound: openQueue<DeliveryReference>(queueService, 'events-outbound'),
    retry: openQueue<DeliveryReference>(queueService, 'events-retry'),
    validation: openQueue<ValidationMessage>(queueService, 'subscription-validation'),
    replay: openQueue<ReplayMessage>(queueService, 'replays'),
    index: createSubscriptionIndex({ changedSince: subscriptions.changedSince }),
    lookup,
    webhook: createWebhookClient({
      timeoutMs: config.delivery.timeoutMs,
      allowed: config.delivery.allowedNetworks,
      lookup,
    }),
    inFlight: createInFlight(),
    sightings: createSightings(),
    health: createHealth({ heartbeat, inbound }),
  }
}
export type Services = Awaited<ReturnType<typeof createServices>>
