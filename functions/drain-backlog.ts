import { app } from '@azure/functions'
import { drainSubscription } from '../shared/flows/drain.ts'
import { consumer } from '../shared/handlers.ts'
import { parseDrainMessage } from '../shared/messages.ts'

/**
 * Queue drains: works on one subscription's backlog for 20 s, or for a minute on what a deleted one has left; then
 * another message continues.
 */
app.storageQueue('drain-backlog', {
  queueName: 'drains',
  connection: 'QueueStorage',
  handler: consumer(async ({ message, services, log }) => {
    const work = parseDrainMessage(message)
    const state = await drainSubscription(services, work)
    log('backlog.drained', { subscription: work.subscription, state })
  }),
})
