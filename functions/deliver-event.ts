import { app } from '@azure/functions'
import { attemptDelivery } from '../shared/flows/attempt-delivery.ts'
import { consumer, type QueueCall } from '../shared/handlers.ts'
import { parseDeliveryReference } from '../shared/messages.ts'

/** One attempt to deliver an event to a subscription. */
async function deliverEvent({ message, services, traceparent, log }: QueueCall): Promise<void> {
  const reference = parseDeliveryReference(message)
  const ended = await attemptDelivery(services, reference, traceparent)
  services.telemetry.recordDelivery(ended)
  const { event, subscription, run, attempt } = reference
  log('delivery.attempted', { event, subscription, run, attempt, ended })
}

// First attempts have a queue of their own, so that a wave of retries cannot stand in their way.
const connection = 'QueueStorage'
const handler = consumer(deliverEvent)
app.storageQueue('deliver-event', { queueName: 'events-outbound', connection, handler })
app.storageQueue('retry-delivery', { queueName: 'events-retry', connection, handler })
