import { app } from '@azure/functions'
import { retryDelivery } from '../shared/flows/retry-delivery.ts'
import { consumer, type QueueCall } from '../shared/handlers.ts'
import { parseDeliveryReference } from '../shared/messages.ts'

/** Queue events-retry: the next attempt of one delivery. */
async function attempt({ message, services, traceparent, log }: QueueCall): Promise<void> {
  const reference = parseDeliveryReference(message)
  const ended = await retryDelivery(services, reference, traceparent)
  const { event, subscription, run, attempt: count } = reference
  log('delivery.attempted', { event, subscription, run, attempt: count, ended })
}

app.storageQueue('retry-delivery', {
  queueName: 'events-retry',
  connection: 'QueueStorage',
  handler: consumer(attempt),
})
