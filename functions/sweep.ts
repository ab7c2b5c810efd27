import { app } from '@azure/functions'
import { gauge } from '../shared/flows/gauge.ts'
import { scheduled, type Log } from '../shared/handlers.ts'
import { inTurn } from '../shared/azure/concurrency.ts'
import { releaseSubscribers } from '../shared/flows/probe-subscribers.ts'
import { rescueReplays } from '../shared/flows/replay.ts'
import { rescueDeliveries } from '../shared/flows/redrive-deliveries.ts'
import { rescueEvents } from '../shared/flows/redrive-events.ts'
import type { Services } from '../shared/services.ts'
import { rescueValidations } from '../shared/flows/validate-subscription.ts'

const WORK_MS = 20_000 // of the 30 s between two runs

/** Timer: the gauge line for alerts, then the repair of work whose messages were lost, then the heartbeat. */
app.timer('sweep', {
  schedule: '*/30 * * * * *',
  handler: scheduled(async ({ services, log }) => {
    await inTurn([() => observe(services, log), () => repair(services, log)])
    await services.heartbeat.beat()
  }),
})

async function observe(services: Services, log: Log): Promise<void> {
  const seen = await gauge(services)
  services.telemetry.gauged(seen)
  log('gauge', seen)
}

async function repair(services: Services, log: Log): Promise<void> {
  const end = Date.now() + WORK_MS
  let [eventsSent, deliveriesSent] = [0, 0]
  await services.inbound.probe() // taking work that cannot be sent would only make it wait longer
  await inTurn([
    async () => void (eventsSent = await rescueEvents(services, end)),
    () => releaseSubscribers(services, end),
    async () => void (deliveriesSent = await rescueDeliveries(services, end)),
    () => rescueValidations(services),
    () => rescueReplays(services),
  ])
  services.telemetry.rescued('event', eventsSent)
  services.telemetry.rescued('delivery', deliveriesSent)
  log('swept', { eventsSent, deliveriesSent })
}
