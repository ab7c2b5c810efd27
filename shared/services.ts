import { createAuth } from './auth.ts'
import type { Config } from './config.ts'
import { openDatabase } from './cosmos.ts'
import { openEvents } from './events.ts'
import { createHealth } from './health.ts'
import { openHeartbeat } from './heartbeat.ts'
import type { InboundMessage } from './message.ts'
import { openPoison } from './poison.ts'
import { openQueue, openQueueService } from './queue.ts'
import { openRequests } from './requests.ts'

/** Everything a function needs of the world, built from the settings. Opens nothing: the first call of each part does. */
export async function createServices(config: Config) {
  const [database, queueService] = await Promise.all([
    openDatabase(config.cosmos),
    openQueueService(config.queues),
  ])
  const heartbeat = openHeartbeat(database)
  const inbound = openQueue<InboundMessage>(queueService, 'events-inbound')
  return {
    config,
    auth: createAuth(config.auth),
    events: openEvents(database),
    requests: openRequests(database),
    poison: openPoison(database),
    heartbeat,
    inbound,
    health: createHealth({ heartbeat, inbound }),
  }
}
export type Services = Awaited<ReturnType<typeof createServices>>
