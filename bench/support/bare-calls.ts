import { CosmosClient } from '@azure/cosmos'
import { QueueServiceClient } from '@azure/storage-queue'
import { randomUUID } from 'node:crypto'
import { clientBody } from '../../local/example.ts'
import { sessionOf } from '../../shared/azure/cosmos.ts'
import { newCloudEvent } from '../../shared/events/cloud-event.ts'
import { newEventDocument, referenceTo } from '../../shared/events/event-document.ts'
import { parseEventDraft } from '../../shared/events/event-draft.ts'
import { newEventId } from '../../shared/events/event-id.ts'
import { nextTraceparent } from '../../shared/telemetry/trace.ts'

/** Returns a function that makes the fewest calls of an accepted event: one create and one send by the bare SDKs. */
export function bareCalls({ Cosmos = '', QueueStorage = '', ...more }: NodeJS.ProcessEnv) {
  const database = new CosmosClient(Cosmos).database(more['COSMOS_DATABASE'] ?? '')
  const container = database.container('events')
  const service = QueueServiceClient.fromConnectionString(QueueStorage)
  const queue = service.getQueueClient('events-inbound')
  const document = documentOfApp()

  return async (): Promise<void> => {
    const id = randomUUID()
    const stored = { ...document, id, event: { ...document.event, id } }
    const { headers } = await container.items.create(stored)
    const message = JSON.stringify(referenceTo(stored, sessionOf(headers)))
    await queue.sendMessage(Buffer.from(message).toString('base64'), { messageTimeToLive: -1 })
  }
}

/** Returns the document that the app stores for the client's event; only the id differs between events. */
export function documentOfApp() {
  const text = clientBody()
  const draft = parseEventDraft({ text, value: JSON.parse(text) })
  const id = newEventId()
  const event = newCloudEvent(draft, { org: 'ttd', app: 'apps-test' }, id)
  return newEventDocument({ id, event, traceparent: nextTraceparent(undefined), pending: 60 })
}
