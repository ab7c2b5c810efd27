import { app } from '@azure/functions'
import { runSequentially } from '../shared/azure/concurrency.ts'
import { gauge } from '../shared/flows/gauge.ts'
import { sweepReplays } from '../shared/flows/replay.ts'
import { sweepDeliveries } from '../shared/flows/sweep-deliveries.ts'
import { sweepEvents } from '../shared/flows/sweep-events.ts'
import { sweepSubscriptions } from '../shared/flows/sweep-subscriptions.ts'
import { scheduled, type Log } from '../shared/handlers.ts'
import type { Services } from '../shared/services.ts'

const WORK_MS = 20_000 // of the 30 s between two runs

/**
 * Timers that redrive overdue work. Each has its own time budget and heartbeat, so that none starves or hides another.
 */
app.timer('sweep-events', {
  schedule: '*/30 * * * * *',
  handler: scheduled(async ({ services, log }) => {
    await services.inboundQueue.probe() // claimed work that cannot be sent would only wait longer
    const sent = await sweepEvents(services, deadlineOf(services))
    services.telemetry.recordRedrives('event', sent)
    await services.inboundQueue.probeAll() // a missing queue fails the run, which alerts see, when its work is done
    await recordSweep(services, log, 'sweep-events', sent)
  }),
})

app.timer('sweep-deliveries', {
  schedule: '5,35 * * * * *',
  handler: scheduled(async ({ services, log }) => {
    await services.retryQueue.probe()
    const sent = await sweepDeliveries(services, deadlineOf(services))
    services.telemetry.recordRedrives('delivery', sent)
    await recordSweep(services, log, 'sweep-deliveries', sent)
  }),
})

app.timer('sweep-subscriptions', {
  schedule: '10,40 * * * * *',
  handler: scheduled(async ({ services, log }) => {
    let redriven = 0
    await runSequentially([
      async () => {
        await services.drainQueue.probe()
        redriven = await sweepSubscriptions(services, deadlineOf(services))
      },
      () => sweepReplays(services),
    ])
    await recordSweep(services, log, 'sweep-subscriptions', redriven)
  }),
})

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

const deadlineOf = ({ clock }: Services): number => clock.now() + WORK_MS

async function recordSweep(
  { heartbeats }: Services,
  log: Log,
  sweep: 'sweep-events' | 'sweep-deliveries' | 'sweep-subscriptions',
  sent: number,
): Promise<void> {
  await heartbeats.beat(sweep)
  log('sweep.done', { sweep, sent })
}
