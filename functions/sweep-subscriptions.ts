import { app } from '@azure/functions'
import { runSequentially } from '../shared/azure/concurrency.ts'
import { sweepReplays } from '../shared/flows/replay.ts'
import { sweepSubscriptions } from '../shared/flows/sweep-subscriptions.ts'
import { sweep, SWEEP_MS } from '../shared/handlers.ts'

/** Starts the overdue work of subscriptions, and the replays that are overdue. */
app.timer('sweep-subscriptions', {
  schedule: '10,40 * * * * *',
  handler: sweep('sweep-subscriptions', async (services) => {
    let redriven = 0
    await runSequentially([
      async () => {
        await services.drainQueue.probe()
        redriven = await sweepSubscriptions(services, services.clock.now() + SWEEP_MS)
      },
      () => sweepReplays(services),
    ])
    return redriven
  }),
})
