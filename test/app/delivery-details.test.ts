import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { exampleEvent } from '../../local/example.ts'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { newEventId, timeOf } from '../../shared/events/event-id.ts'
import { signatureHeaders } from '../../shared/webhooks/webhook-request.ts'
import { createOwnApp, type OwnApp, type Receiver } from '../support/own-app.ts'
import { type TestStores } from '../support/stores.ts'
import {
  assertProblem,
  eventuallyByApi,
  type DeliveryRecord,
  type App,
} from '../support/subscriber.ts'
import { useApp } from '../support/share.ts'

const startShared = useApp()
let stores: TestStores
let receiver: Receiver
let app: App
before(async () => {
  ;({ stores, receiver, app } = await startShared())
})

const delivered = (own: OwnApp, id: number, count: number) =>
  eventuallyByApi(`${count} delivered`, async () => {
    const { deliveries } = await own.client.deliveries(id, '?state=delivered&size=200')
    return deliveries.length === count
  })

test('deliveries can be read newest first, in pages of any size up to 200', async () => {
  const own = await createOwnApp(app, receiver, 'newest')
  const { id } = await own.subscribe()
  const events = await own.publishMany(7)
  await delivered(own, id, 7)
  for (const query of ['', '&state=delivered']) {
    const pages: string[][] = []
    for (let next: string | undefined = ''; next !== undefined;) {
      const path = `?order=newest&size=3${query}&after=${next}`
      const page: { deliveries: DeliveryRecord[]; next?: string } = await own.client.deliveries(
        id,
        path,
      )
      pages.push(page.deliveries.map(({ event }) => event))
      next = page.next
    }
    const newest = events.toReversed()
    assert.deepEqual(pages, [newest.slice(0, 3), newest.slice(3, 6), newest.slice(6)])
  }
  const oldest = await own.client.deliveries(id, '?order=oldest&size=1000')
  assert.deepEqual(
    oldest.deliveries.map(({ event }) => event),
    events,
  )
  for (const bad of [
    'order=',
    'order=Newest',
    'order=newest,oldest',
    'size=0',
    'size=x',
    'size=-1',
  ])
    await assertProblem(await own.client.call('GET', `/${id}/deliveries?${bad}`), 400)
})

test('a delivery is read with its event and the request that was sent, signature included', async () => {
  const own = await createOwnApp(app, receiver, 'details')
  const { id, secret = '' } = await own.client.subscribe({
    endPoint: `${receiver.url}${own.path}`,
    resourceFilter: `urn:altinn:resource:app_ttd_${own.name}`,
  })
  await own.client.validated(id)
  const event = await own.publish()
  const arrival = await own.arrived(event)
  await delivered(own, id, 1)
  const details = await own.client.requestJson(200, 'GET', `/${id}/deliveries/${event}`)
  const { cloudEvent, request, ...delivery } = details
  const [listed] = (await own.client.deliveries(id)).deliveries
  assert.deepEqual(delivery, listed)
  assert.deepEqual(cloudEvent, arrival.event)
  assert.equal(request.endPoint, `${receiver.url}${own.path}`)
  assert.equal(request.body, arrival.body)
  const { headers } = request
  assert.equal(headers['webhook-id'], arrival.headers['webhook-id'])
  assert.equal(headers['content-type'], arrival.headers['content-type'])
  const at = Math.floor(Date.parse(String(listed?.attempts[0]?.at)) / 1000)
  assert.equal(headers['webhook-timestamp'], String(at))
  const signed = signatureHeaders({
    id: event,
    body: request.body,
    secrets: [secret],
    now: at * 1000,
  })
  assert.equal(headers['webhook-signature'], signed['webhook-signature'])
  assert.ok(!JSON.stringify(details).includes(secret), 'the secret itself stays hidden')
})

test('a delivery without an attempt has no request, and one whose event is gone no event', async () => {
  const own = await createOwnApp(app, receiver, 'unsent')
  const { id } = await own.subscribe()
  const event = await own.publish()
  await delivered(own, id, 1)
  const deliveries = stores.container('deliveries')
  const stored = await deliveries.item(event, [String(id), event]).read<DeliveryDocument>()
  assert.ok(stored.resource)
  await deliveries.item(event, [String(id), event]).replace({ ...stored.resource, attempts: [] })

  const path = `/${id}/deliveries/${event}`
  const untried = await own.client.requestJson(200, 'GET', path)
  assert.equal(untried.cloudEvent.id, event)
  assert.equal(untried.request, undefined)

  const { resource, subject } = stored.resource
  await stores.container('events').item(event, [resource, subject]).delete()
  const gone = await own.client.requestJson(200, 'GET', path)
  assert.equal(gone.cloudEvent, undefined)
  assert.equal(gone.acceptedAt, timeOf(event).toISOString())
})

test('a delivery that does not exist is a 404', async () => {
  const own = await createOwnApp(app, receiver, 'unknown')
  const { id } = await own.subscribe()
  for (const event of [newEventId(), 'abc', '%23', '%20', exampleEvent.type, 'x'.repeat(300)])
    await assertProblem(await own.client.call('GET', `/${id}/deliveries/${event}`), 404)
})
