import assert from 'node:assert/strict'
import fc from 'fast-check'
import { startReceiver } from '../../local/receiver.ts'
import type { SubscriptionDocument } from '../../shared/subscriptions/subscription.ts'
import { newSecret } from '../../shared/webhooks/webhook-request.ts'
import { startApp } from '../support/app.ts'
import { createTestStores, eventually } from '../support/stores.ts'
import { scaleTimeout } from '../support/time-limits.ts'
import { deliveredMembers, goodEventText } from './events.ts'
import { queueMessage } from './messages.ts'
import { type Generated, propertyOfMany } from './property.ts'
import { jsonText, oddText } from './values.ts'

const QUEUES = ['events-inbound', 'events-retry', 'drains', 'subscription-validation', 'replays']

/** A message becomes poison after one try, and a retry is immediate. */
const oneAttempt = {
  AzureFunctionsJobHost__extensions__queues__maxDequeueCount: '1',
  AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:00',
}

/** A subscriber that is validated already: a validation would be followed by a replay, 8 s later, that every poll waits for. */
const subscriberAt = (endpoint: string): SubscriptionDocument => ({
  v: 1,
  id: 'a'.repeat(64),
  consumer: '/org/ttd',
  number: 1,
  endpoint,
  filters: { resource: 'urn:altinn:resource:app_ttd_apps-test' },
  createdBy: '/org/ttd',
  created: '2026-01-01T00:00:00.000Z',
  validated: '2026-01-01T00:00:00.000Z',
  secrets: [{ key: newSecret() }],
})

/** Starts the whole app with stores and a subscriber of its own, and returns its end-to-end properties. */
export async function startQueueProperties() {
  const [stores, receiver] = await Promise.all([createTestStores(), startReceiver()])
  await stores.container('subscriptions').items.create(subscriberAt(`${receiver.url}/hook`))
  const app = await startApp(stores, { settings: oneAttempt, readsPoison: true })
  async function publish(text?: string): Promise<string> {
    const answer = await app.publish(text)
    assert.equal(answer.status, 201, text)
    return String(await answer.json())
  }
  async function checkDelivery(list: Generated<typeof goodEventText>[]): Promise<void> {
    const ids = await Promise.all(list.map(({ text }) => publish(text)))
    for (const [index, { event }] of list.entries()) {
      const { body } = await receiver.waitFor(
        (delivery) => delivery.event?.id === ids[index],
        scaleTimeout(15),
      )
      const { id: _id, time: _time, ...members } = JSON.parse(body)
      assert.deepEqual(members, deliveredMembers(event))
    }
  }
  async function waiting(): Promise<number> {
    const counts = QUEUES.flatMap((queue) => [
      stores.countMessages(queue),
      stores.countMessages(`${queue}-poison`),
    ])
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
  }
  async function checkMessages(messages: string[]): Promise<void> {
    for (const queue of QUEUES)
      await Promise.all(messages.map((message) => stores.send(queue, message)))
    await eventually('every message is done', async () => (await waiting()) === 0, 60)
    await publish()
  }
  return {
    app,
    receiver,
    properties: [
      propertyOfMany(
        'what is published arrives with all its members, over HTTP, store and queues',
        30,
        goodEventText,
        10,
        checkDelivery,
      ),
      propertyOfMany(
        'no message of any queue stops the app, or stays',
        20,
        messageText,
        20,
        checkMessages,
      ),
    ],
  }
}

const messageText = fc.oneof(
  queueMessage.map((message) => JSON.stringify(message)),
  jsonText,
  oddText.map((text) => text.toWellFormed()),
)
