import { app } from '@azure/functions'
import { consumer, type QueueCall } from '../shared/handlers.ts'
import { parseInboundMessage } from '../shared/message.ts'
import { storeSpilled } from '../shared/store-spilled.ts'

/** Queue events-inbound: finds who subscribes to an event and marks it as fanned out. A second run changes nothing. */
async function fanOutEvent({ message, services, log }: QueueCall): Promise<void> {
  const inbound = parseInboundMessage(message)
  const reference = 'spilled' in inbound ? await storeSpilled(services, inbound.spilled) : inbound
  const event = await services.events.find(reference)
  if (event === undefined) throw new Error(`Event ${reference.event} is not to be seen yet.`)
  if (event.pending === undefined) return
  const { outcome } = await services.events.finish(event, 0)
  log('event fanned out', { event: event.id, subscribers: 0, outcome, trace: event.traceparent })
}

app.storageQueue('fan-out-event', {
  queueName: 'events-inbound',
  connection: 'QueueStorage',
  handler: consumer(fanOutEvent),
})
