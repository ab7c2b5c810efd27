import { app } from '@azure/functions'
import { fanOutMessage } from '../shared/flows/fan-out-message.ts'
import { inboundCount, inboundQueues } from '../shared/azure/definitions.ts'
import { consumer, type QueueCall } from '../shared/handlers.ts'
import { parseInboundMessage } from '../shared/messages.ts'

/** The queues events-inbound, events-inbound-1 …: the first attempt of an event at every subscriber. */
async function fanOutEvent({
  message,
  context,
  services,
  traceparent,
  log,
}: QueueCall): Promise<void> {
  const inbound = parseInboundMessage(message)
  const dequeueCount = Number(context.triggerMetadata?.['dequeueCount'])
  const done = await fanOutMessage(services, inbound, { dequeueCount, traceparent })
  if (done !== undefined) log('event.fanned_out', done)
}

for (const [index, queueName] of inboundQueues(inboundCount()).entries())
  app.storageQueue(index === 0 ? 'fan-out-event' : `fan-out-event-${index}`, {
    queueName,
    connection: 'QueueStorage',
    handler: consumer(fanOutEvent),
  })
