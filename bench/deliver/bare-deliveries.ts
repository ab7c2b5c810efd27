import { CosmosClient } from '@azure/cosmos'
import { QueueServiceClient, type DequeuedMessageItem } from '@azure/storage-queue'
import type { Stack } from '../../local/stack.ts'
import { newDelivery, type DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { newEventId } from '../../shared/events/event-id.ts'
import { forEachConcurrently } from '../../shared/azure/concurrency.ts'
import { documentOfApp } from '../support/bare-calls.ts'
import { createStores } from '../support/stores.ts'

const CONCURRENCY = 16 // as the app: shared/flows/fan-out.ts, and batchSize in host.json
const BATCH = 32
const subscriber = { number: 1, consumer: '/org/ttd', id: 'a'.repeat(64) }

/**
 * So many deliveries by the bare SDKs, one POST each: the least by which none can be lost. A record is created, read and
 * replaced, a message sent, received and deleted. Returns deliveries per second.
 */
export async function bareDeliveries(
  stack: Stack,
  count: number,
  post: () => Promise<void>,
): Promise<number> {
  const { settings } = await createStores(stack, `bare${count}`)
  const database = new CosmosClient(settings.Cosmos).database(settings.COSMOS_DATABASE)
  const records = database.container('deliveries')
  const queue = QueueServiceClient.fromConnectionString(settings.QueueStorage).getQueueClient(
    'events-outbound',
  )
  const event = documentOfApp()

  async function record(): Promise<void> {
    const delivery = newDelivery({ ...event, id: newEventId() }, subscriber, 60)
    await records.items.create(delivery)
    await queue.sendMessage(Buffer.from(JSON.stringify({ id: delivery.id })).toString('base64'))
  }
  async function deliver({ messageText, messageId, popReceipt }: DequeuedMessageItem) {
    const { id } = JSON.parse(Buffer.from(messageText, 'base64').toString())
    const item = records.item(id, [String(subscriber.number), id])
    const { resource: read } = await item.read<DeliveryDocument>()
    await post()
    await item.replace({ ...read, id, state: 'delivered' })
    await queue.deleteMessage(messageId, popReceipt)
  }
  const began = performance.now()
  await forEachConcurrently(Array.from({ length: count }), CONCURRENCY, record)
  for (let left = count; left > 0;) {
    const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: BATCH })
    await forEachConcurrently(receivedMessageItems, BATCH, deliver)
    left -= receivedMessageItems.length
  }
  return count / ((performance.now() - began) / 1000)
}
