import { app } from '@azure/functions'
import { fanOut } from '../shared/flows/fan-out.ts'
import { consumer, type QueueCall } from '../shared/handlers.ts'
import { parseInboundMessage } from '../shared/messages.ts'
import { storeSpilled } from '../shared/flows/store-spilled-event.ts'

/** Queue events-inbound: a delivery for everyone who subscribes to the event, which is then marked. A second run changes nothing. */
async function fanOutEvent({
  message,
  context,
  services,
  traceparent,
  log,
}: QueueCall): Promise<void> {
  const inbound = parseInboundMessage(message)
  const tries = Number(context.triggerMetadata?.['dequeueCount'])
  const reference = 'spilled' in inbound ? await storeSpilled(services, inbound, tries) : inbound
  if (reference === undefined) return
  const event = await services.events.find(reference)
  if (event === undefined) throw new Error(`Event ${reference.event} is not to be seen yet.`)
  if (event.pending === undefined) return
  const subscribers = await fanOut(services, { ...event, traceparent }, reference.session)
  const { outcome } = await services.events.markFannedOut(event, subscribers)
  log('event.fanned_out', { event: event.id, subscribers, outcome })
}

app.storageQueue('fan-out-event', {
  queueName: 'events-inbound',
  connection: 'QueueStorage',
  handler: consumer(fanOutEvent),
})
