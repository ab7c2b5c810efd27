import { app } from '@azure/functions'
import { fanOutMessage } from '../shared/flows/fan-out-message.ts'
import { consumer, type QueueCall } from '../shared/handlers.ts'
import { parseInboundMessage } from '../shared/messages.ts'

/** Queue events-inbound: the first attempt of an event at every subscriber. */
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

app.storageQueue('fan-out-event', {
  queueName: 'events-inbound',
  connection: 'QueueStorage',
  handler: consumer(fanOutEvent),
})
