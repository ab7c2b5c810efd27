import { app } from '@azure/functions'
import { gauge } from '../shared/flows/gauge.ts'
import { scheduled, type Log } from '../shared/handlers.ts'
import { runSequentially } from '../shared/azure/concurrency.ts'
import { releaseSubscribers } from '../shared/flows/probe-subscribers.ts'
import { redriveReplays } from '../shared/flows/replay.ts'
import { redriveDeliveries } from '../shared/flows/redrive-deliveries.ts'
import { redriveEvents } from '../shared/flows/redrive-events.ts'
import type { Services } from '../shared/services.ts'
import { redriveValidations } from '../shared/flows/validate-subscription.ts'

const WORK_MS = 20_000 // of the 30 s between two runs

/** Timer: the gauge line for alerts, then the repair of work whose messages were lost, then the heartbeat. */
app.timer('sweep', {
  schedule: '*/30 * * * * *',
  handler: scheduled(async ({ services, log }) => {
    await runSequentially([() => observe(services, log), () => repair(services, log)])
    await services.heartbeat.beat()
  }),
})

async function observe(services: Services, log: Log): Promise<void> {
  const seen = await gauge(services)
  services.telemetry.recordGauge(seen)
  log('gauge', seen)
}

async function repair(services: Services, log: Log): Promise<void> {
  const end = Date.now() + WORK_MS
  let [eventsSent, deliveriesSent] = [0, 0]
  await services.inboundQueue.probe() // taking work that cannot be sent would only make it wait longer
  await runSequentially([
    async () => void (eventsSent = await redriveEvents(services, end)),
    () => releaseSubscribers(services, end),
    async () => void (deliveriesSent = await redriveDeliveries(services, end)),
    () => redriveValidations(services),
    () => redriveReplays(services),
  ])
  services.telemetry.recordRedrives('event', eventsSent)
  services.telemetry.recordRedrives('delivery', deliveriesSent)
  log('sweep.done', { eventsSent, deliveriesSent })
}
