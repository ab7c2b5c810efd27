import { app } from '@azure/functions'
import { sweepDeliveries } from '../shared/flows/sweep-deliveries.ts'
import { sweep, SWEEP_MS } from '../shared/handlers.ts'

/** Redrives deliveries that are due. */
app.timer('sweep-deliveries', {
  schedule: '5,35 * * * * *',
  handler: sweep('sweep-deliveries', async (services) => {
    await services.retryQueue.probe()
    const sent = await sweepDeliveries(services, services.clock.now() + SWEEP_MS)
    services.telemetry.recordRedrives('delivery', sent)
    return sent
  }),
})
