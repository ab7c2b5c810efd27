import { createAuth } from './auth.ts'
import type { Config } from './config.ts'
import { openDatabase } from './cosmos.ts'
import { openDeliveries } from './deliveries.ts'
import { createLookup } from './endpoint.ts'
import { openEvents } from './events.ts'
import { createHealth } from './health.ts'
import { openHeartbeat } from './heartbeat.ts'
import { createInFlight } from './in-flight.ts'
import type {
  DeliveryReference,
  InboundMessage,
  ReplayMessage,
  ValidationMessage,
} from './message.ts'
import { openPoison } from './poison.ts'
import { openQueue, openQueueService } from './queue.ts'
import { createRecentEvents } from './recent-events.ts'
import { openReplays } from './replays.ts'
import { openRequests } from './requests.ts'
import { createSightings } from './subscriber-health.ts'
import { createSubscriptionIndex } from './subscription-index.ts'
import { openSubscriptions } from './subscriptions.ts'
import { openTelemetry } from './telemetry.ts'
import { createWebhookClient } from './webhook.ts'

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
