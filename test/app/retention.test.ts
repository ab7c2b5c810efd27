import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { createOwnApp, type OwnApp, type Receiver } from '../support/own-app.ts'
import { deployedUrl, eventually, type TestStores } from '../support/stores.ts'
import { waitForRecord, waitForState } from '../support/stored-work.ts'
import { assertProblem, type App } from '../support/subscriber.ts'
import { useApp } from '../support/share.ts'
import { quickRetries } from './quick-retries.ts'

const HOUR = 3600
const DAY = 24 * HOUR
const startShared = useApp(quickRetries)
let stores: TestStores
let receiver: Receiver
let app: App
before(async () => {
  ;({ stores, receiver, app } = await startShared())
})
const retry = (own: OwnApp, id: number, event: string) =>
  own.client.requestJson(202, 'POST', `/${id}/deliveries/${event}/retry`)
const minutesOf90Days = 90 * 24 * 60

describe('how long a delivery is kept', { concurrency: 4, skip: deployedUrl !== undefined }, () => {
  test('what has arrived expires after the retention; what is sent again does not', async () => {
    const own = await createOwnApp(app, receiver, 'kept')
    const { id } = await own.subscribe()
    const event = await own.publish()
    const delivered = await waitForState(stores, id, event, 'delivered')
    assert.equal(delivered.ttl, 2 * DAY + HOUR)
    receiver.behave({ delayMs: 4000 }, own.path)
    await retry(own, id, event)
    const { ttl = 0 } = await waitForRecord('waiting', stores, [id, event], ({ run }) => run === 1)
    assert.ok(Math.abs(ttl / 60 - minutesOf90Days) < 5, `${ttl} s`)
    receiver.behave({}, own.path)
    const again = await waitForState(stores, id, event, 'delivered', 40)
    assert.deepEqual([again.run, again.ttl], [1, 2 * DAY + HOUR])
  })

  test('what is dead is kept for 90 days from its event', async () => {
    const own = await createOwnApp(app, receiver, 'kept-dead')
    receiver.behave({ status: 500 }, own.path)
    const { id } = await own.subscribe()
    const event = await own.publish()
    const { ttl = 0 } = await waitForState(stores, id, event, 'dead', 40)
    assert.ok(Math.abs(ttl / 60 - minutesOf90Days) < 5, `${ttl} s`)
    receiver.behave({}, own.path)
    await retry(own, id, event)
    const delivered = await waitForState(stores, id, event, 'delivered', 40)
    assert.equal(delivered.ttl, 2 * DAY + HOUR)
  })

  test('an expired delivery is shown nowhere, cannot be retried, and comes again by `all`', async () => {
    const own = await createOwnApp(app, receiver, 'expired')
    const { id } = await own.subscribe()
    const event = await own.publish()
    const delivered = await waitForState(stores, id, event, 'delivered')
    const item = stores.container('deliveries').item(event, [String(id), event])
    await item.replace({ ...delivered, ttl: 1 })
    const list = async () => (await own.client.deliveries(id)).deliveries
    await eventually('the record has expired', async () => (await list()).length === 0)
    const status = await fetch(`${app.api}/app/ttd/expired/${event}`, { headers: own.headers })
    const { fannedOut, deliveries } = Object(await status.json())
    assert.deepEqual([status.status, fannedOut.subscribers, deliveries], [200, 1, []])
    await assertProblem(await own.client.call('POST', `/${id}/deliveries/${event}/retry`), 404)
    await own.client.replay(id, { only: 'all' })
    await waitForState(stores, id, event, 'delivered', 40)
    assert.equal(own.arrivals(event).length, 2)
  })

  test('a cancelled delivery expires after the retention', async () => {
    const own = await createOwnApp(app, receiver, 'kept-cancelled')
    receiver.behave({ status: 503, headers: { 'Retry-After': '3600' } }, own.path)
    const { id } = await own.subscribe()
    const event = await own.publish()
    await waitForState(stores, id, event, 'waiting', 40)
    await own.remove(id)
    const { ttl } = await waitForState(stores, id, event, 'cancelled', 60)
    assert.equal(ttl, 2 * DAY + HOUR)
  })
})
