import { app } from '@azure/functions'
import { gauge } from '../shared/gauge.ts'
import { scheduled } from '../shared/handlers.ts'
import { releaseSubscribers } from '../shared/release-subscribers.ts'
import { rescueReplays } from '../shared/replay.ts'
import { rescueDeliveries } from '../shared/rescue-deliveries.ts'
import { rescueEvents } from '../shared/rescue-events.ts'
import { rescueValidations } from '../shared/validation.ts'

const WORK_MS = 20_000 // of the 30 s between two runs

/** Timer: the gauge line for alerts, then the repair of work whose messages were lost, then the heartbeat. */
app.timer('sweep', {
  schedule: '*/30 * * * * *',
  handler: scheduled(async ({ services, log }) => {
    const end = Date.now() + WORK_MS
    const seen = await gauge(services)
    services.telemetry.gauged(seen)
    log('gauge', seen)
    await services.inbound.probe() // taking work that cannot be sent would only make it wait longer
    const eventsSent = await rescueEvents(services, end)
    await releaseSubscribers(services, end)
    const deliveriesSent = await rescueDeliveries(services, end)
    await rescueValidations(services)
    await rescueReplays(services)
    services.telemetry.rescued('event', eventsSent)
    services.telemetry.rescued('delivery', deliveriesSent)
    log('swept', { eventsSent, deliveriesSent })
    await services.heartbeat.beat()
  }),
})
