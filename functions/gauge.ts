import { app } from '@azure/functions'
import { gauge } from '../shared/flows/gauge.ts'
import { scheduled } from '../shared/handlers.ts'

/** Logs the line that alerts read: the current state of the app. */
app.timer('gauge', {
  schedule: '15,45 * * * * *',
  handler: scheduled(async ({ services, log }) => {
    const seen = await gauge(services)
    services.telemetry.recordGauge(seen)
    log('gauge', seen)
    await services.heartbeats.beat('gauge')
  }),
})
