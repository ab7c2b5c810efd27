import { app } from '@azure/functions'
import { sweepEvents } from '../shared/flows/sweep-events.ts'
import { sweep, SWEEP_MS } from '../shared/handlers.ts'

/** Redrives events whose fan-out is overdue. */
app.timer('sweep-events', {
  schedule: '*/30 * * * * *',
  handler: sweep('sweep-events', async (services) => {
    await services.inboundQueue.probe() // claimed work that cannot be sent would only wait longer
    const sent = await sweepEvents(services, services.clock.now() + SWEEP_MS)
    services.telemetry.recordRedrives('event', sent)
    await services.inboundQueue.probeAll() // a missing queue fails the run, which alerts see, when its work is done
    return sent
  }),
})
