import { CosmosClient } from '@azure/cosmos'
import { QueueServiceClient, type DequeuedMessageItem } from '@azure/storage-queue'
import type { Stack } from '../../local/stack.ts'
import { newDelivery } from '../../shared/deliveries/delivery.ts'
import { newEventId } from '../../shared/events/event-id.ts'
import { forEachConcurrently } from '../../shared/azure/concurrency.ts'
import { documentOfApp } from '../support/bare-calls.ts'
import { createStores } from '../support/stores.ts'
import { CONNECTIONS } from './report.ts'

const BATCH = 32 // batchSize in host.json
const subscriber = { number: 1, consumer: '/org/ttd', id: 'a'.repeat(64) }

/**
 * Accepts events and delivers them meanwhile, by the bare SDKs, one POST each, with the fewest calls that lose none: the event
 * is stored, a message is sent, received and deleted, the event read and marked, and a record created. Returns deliveries
 * per second.
 */
export async function bareDeliveries(
  stack: Stack,
  count: number,
  post: () => Promise<void>,
): Promise<number> {
  const { settings } = await createStores(stack, `bare${count}`)
  const database = new CosmosClient(settings.Cosmos).database(settings.COSMOS_DATABASE)
  const [events, records] = ['events', 'deliveries'].map((name) => database.container(name))
  if (events === undefined || records === undefined) throw new Error('There are no containers.')
  const queue = QueueServiceClient.fromConnectionString(settings.QueueStorage).getQueueClient(
    'events-inbound',
  )
  const event = documentOfApp()
  const key = [event.resource, event.subject]

  async function store(): Promise<string> {
    const id = newEventId()
    await events?.items.create({ ...event, id, pending: 1 })
    return id
  }
  const send = async (id: string) =>
    void (await queue.sendMessage(Buffer.from(JSON.stringify({ id })).toString('base64')))

  async function deliver({ messageText, messageId, popReceipt }: DequeuedMessageItem) {
    const { id } = JSON.parse(Buffer.from(messageText, 'base64').toString())
    const item = events?.item(id, key)
    await item?.read()
    await post()
    await records?.items.create({
      ...newDelivery({ ...event, id }, subscriber),
      state: 'delivered',
    })
    await item?.patch([{ op: 'remove', path: '/pending' }])
    await queue.deleteMessage(messageId, popReceipt)
  }
  async function deliverAll(): Promise<void> {
    for (let left = count; left > 0;) {
      const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: BATCH })
      await forEachConcurrently(receivedMessageItems, BATCH, deliver)
      left -= receivedMessageItems.length
    }
  }
  const accept = async () => send(await store())
  const began = performance.now()
  const accepting = forEachConcurrently(Array.from({ length: count }), CONNECTIONS, accept)
  await Promise.all([accepting, deliverAll()])
  return count / ((performance.now() - began) / 1000)
}
