import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { newDelivery } from '../../shared/deliveries/delivery.ts'
import { newEventDocument } from '../../shared/events/event-document.ts'
import { newEventId } from '../../shared/events/event-id.ts'
import { createOwnApp, type Receiver } from '../support/own-app.ts'
import { storeAll } from '../support/stored-items.ts'
import { type TestStores } from '../support/stores.ts'
import { eventuallyByApi, type App } from '../support/subscriber.ts'
import { useApp } from '../support/share.ts'
import { quickRetries } from './quick-retries.ts'

const startShared = useApp(quickRetries)
let stores: TestStores
let receiver: Receiver
let app: App
before(async () => {
  ;({ stores, receiver, app } = await startShared())
})

test('a subscription tells how many deliveries wait or are dead, and which ended last', async () => {
  const own = await createOwnApp(app, receiver, 'summary')
  const { id } = await own.subscribe()
  const fresh = await own.read(id)
  assert.deepEqual([fresh.counts, fresh.latest], [{ waiting: '0', dead: '0' }, undefined])

  // The counts and the last are read by a query each, so that one can know of an end that the other does not.
  const ended = (event: string, state: string, dead: string) =>
    eventuallyByApi(`${state} last`, async () => {
      const { latest, counts } = await own.read(id)
      return latest?.event === event && latest.state === state && counts?.dead === dead && latest
    })
  const first = await own.publish()
  const latest = await ended(first, 'delivered', '0')
  const { deliveries } = await own.client.deliveries(id)
  assert.equal(latest.at, deliveries[0]?.attempts.at(-1)?.at)

  receiver.behave({ status: 500 }, own.path)
  const second = await own.publish()
  await ended(second, 'dead', '1')
  assert.equal((await own.read(id)).counts?.waiting, '0')

  receiver.behave({ status: 503, headers: { 'retry-after': '600' } }, own.path)
  await own.publish()
  await eventuallyByApi('one waits', async () => {
    const { counts, circuit } = await own.read(id)
    return counts?.waiting === '1' && circuit.waiting === '1'
  })
  await ended(second, 'dead', '1')
})

test('more than a thousand are counted as 1000+', async () => {
  const own = await createOwnApp(app, receiver, 'thousand')
  const { id } = await own.subscribe()
  const ids = Array.from({ length: 1001 }, () => newEventId())
  const subscriber = { number: id, consumer: '/org/ttd', id: 'a' }
  const [resource, source] = [`urn:altinn:resource:app_ttd_${own.name}`, own.source]
  const deliveries = ids.map((event) => {
    const document = newEventDocument({
      id: event,
      event: { id: event, specversion: '1.0', type: 'a', time: '', resource, source },
      traceparent: '00-4b54a6a0c9b74bf5afc5e917863f96fd-eb14b06c1f0c3cf8-00',
      pending: 0,
    })
    return { ...newDelivery(document, subscriber), state: 'dead', deadAt: 1 }
  })
  await storeAll(stores, 'deliveries', deliveries)
  const { counts, latest } = await own.read(id)
  assert.deepEqual(counts, { waiting: '0', dead: '1000+' })
  assert.deepEqual(latest, { event: ids.at(-1), state: 'dead', at: '1970-01-01T00:00:01.000Z' })
})
