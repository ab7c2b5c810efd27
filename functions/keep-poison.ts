import { app } from '@azure/functions'
import { consumer, type QueueCall } from '../shared/handlers.ts'
import { reasonToKeep } from '../shared/flows/inspect-poison.ts'
import { inboundCount, queueNames } from '../shared/azure/definitions.ts'

/** Handles a message that failed five times: keeps an invalid one, and leaves open work to the sweep. */
async function keepPoison(
  queue: string,
  { message, context, services, log }: QueueCall,
): Promise<void> {
  const text = Buffer.isBuffer(message) ? message.toString() : String(message)
  const reason = await reasonToKeep(services, queue, text)
  const id = String(context.triggerMetadata?.['id'])
  if (reason !== undefined) await services.poison.keep({ id, queue, reason, text })
  log(reason === undefined ? 'poison.left_to_sweep' : 'poison.kept', { queue, message: id })
}

const bytes = { dataType: 'binary' } // the unchanged text: the library would parse it
for (const queue of queueNames(inboundCount()))
  app.storageQueue(`keep-poison-${queue}`, {
    ...bytes,
    queueName: `${queue}-poison`,
    connection: 'QueueStorage',
    handler: consumer((call) => keepPoison(queue, call)),
  })
