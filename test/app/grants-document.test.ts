import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { genericEvent } from '../../local/example.ts'
import { startReceiver } from '../../local/receiver.ts'
import { startApp } from '../support/app.ts'
import { createGenericClient } from '../support/generic-client.ts'
import { createTestStores, eventually, type TestStores } from '../support/stores.ts'
import {
  callerClaims,
  createSubscriptionsClient,
  eventuallyByApi,
  mintToken,
  type App,
} from '../support/subscriber.ts'
import type { Receiver } from '../support/own-app.ts'

const resource = 'urn:altinn:resource:skd-document'
let stores: TestStores
let receiver: Receiver
let app: App
let token: string
let subscriptions: ReturnType<typeof createSubscriptionsClient>
before(async () => {
  ;[stores, receiver] = await Promise.all([createTestStores(), startReceiver()])
  app = await startApp(stores, { settings: { ACCESS_GRANTS: '' } })

  const scope = 'altinn:events.publish altinn:events.subscribe'
  token = await mintToken({ ...callerClaims.skd, scope })
  subscriptions = createSubscriptionsClient(app, token)
})
after(() => Promise.all([app.stop(), receiver.stop()]))
const publish = async () => {
  const event = { ...genericEvent, id: crypto.randomUUID(), resource }
  return (await createGenericClient(app, token).publish(event)).status
}
const grant = (...actions: string[]) =>
  stores.container('subscriptions').items.upsert({
    id: 'grants',
    consumer: 'grants',
    grants: actions.map((action) => ({ resource, action, who: '/org/skd' })),
  })

test('a document of grants opens and closes what the setting would, within seconds', async () => {
  assert.ok(app.lines.some((line) => line.includes('"decidedBy":"grants of the document"')))
  assert.equal(await publish(), 403)
  await grant('publish', 'subscribe')
  await eventually('the grant to publish', async () => (await publish()) === 200)
  const { id } = await subscriptions.subscribed({
    endPoint: `${receiver.url}/hook`,
    resourceFilter: resource,
  })
  assert.equal(await publish(), 200)
  await eventuallyByApi('a delivery', async () => {
    const { deliveries } = await subscriptions.deliveries(id, '?state=delivered')
    return deliveries.length === 1
  })

  await grant('publish')
  const dead = await eventuallyByApi('a dead delivery', async () => {
    await publish()
    const { deliveries } = await subscriptions.deliveries(id, '?state=dead')
    return deliveries[0]
  })
  assert.equal(dead.reason, 'the right to the events of the resource was withdrawn')
  assert.deepEqual(dead.attempts, [])
  assert.equal(dead.subject, undefined)
  const details = await subscriptions.requestJson(200, 'GET', `/${id}/deliveries/${dead.event}`)
  assert.equal(details.cloudEvent, undefined, 'an event that it may not have any more')

  await grant('publish', 'everything')
  await eventually('the fault in the log', async () => {
    assert.equal(await publish(), 200, 'the version before stays')
    return app.lines.some((line) => /access\.grants_wrong.*\[1\]\.action/.test(line))
  })
})
