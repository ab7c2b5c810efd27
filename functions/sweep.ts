import { app } from '@azure/functions'
import { scheduled } from '../shared/handlers.ts'
import { rescueEvents } from '../shared/rescue-events.ts'

const WORK_MS = 20_000 // of the 30 s between two runs

/** Timer: the gauge line for alerts, then the repair of work whose messages were lost, then the heartbeat. */
app.timer('sweep', {
  schedule: '*/30 * * * * *',
  handler: scheduled(async ({ services, log }) => {
    const end = Date.now() + WORK_MS
    const { events, poison, inbound, heartbeat } = services
    const [oldestPendingSeconds, poisonMessages] = await Promise.all([
      events.oldestPendingSeconds(),
      poison.count(),
    ])
    log('gauge', { oldestPendingSeconds: Math.round(oldestPendingSeconds), poisonMessages })
    await inbound.probe() // taking work that cannot be sent would only make it wait longer
    log('swept', { eventsSent: await rescueEvents(services, end) })
    await heartbeat.beat()
  }),
})
