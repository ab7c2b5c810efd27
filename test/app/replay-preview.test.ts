import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { newDelivery } from '../../shared/deliveries/delivery.ts'
import { timeOf } from '../../shared/events/event-id.ts'
import { createOwnApp, type Receiver } from '../support/own-app.ts'
import { storeEarlier } from '../support/stored-events.ts'
import { storeAll } from '../support/stored-items.ts'
import { eventually, unlessBusy, type TestStores } from '../support/stores.ts'
import { assertProblem, minutesAgo, type App } from '../support/subscriber.ts'
import { useApp } from '../support/share.ts'
import { quickRetries } from './quick-retries.ts'

const startShared = useApp(quickRetries)
let stores: TestStores
let receiver: Receiver
let app: App
before(async () => {
  ;({ stores, receiver, app } = await startShared())
})

/** Subscribes, and returns what the preview of a replay of the last hour says. */
async function subscribed(name: string) {
  const own = await createOwnApp(app, receiver, name)
  const { id } = await own.subscribe()
  const preview = async (only: string, more: object = {}) => {
    const body = { only, from: minutesAgo(60), ...more }
    const ask = () => own.client.call('POST', `/${id}/replay/preview`, body)
    const answer = await unlessBusy(ask, 60)
    assert.equal(answer.status, 200)
    return Object(await answer.json()).count
  }
  return { own, id, preview }
}

test('the preview of a replay counts what it would send, and sends nothing', async () => {
  const earlier = await storeEarlier(stores, 'counted', 3)
  const { own, id, preview } = await subscribed('counted')
  const state = (event: string, wanted: string) =>
    eventually(`${event} ${wanted}`, async () => {
      const { deliveries } = await own.client.deliveries(id)
      return deliveries.some((one) => one.event === event && one.state === wanted)
    })
  await state(await own.publish(), 'delivered')
  receiver.behave({ status: 500 }, own.path)
  const dead = await own.publish()
  await state(dead, 'dead')
  const counts = () => Promise.all(['dead', 'missing', 'all'].map((only) => preview(only)))
  assert.deepEqual(await counts(), ['1', '3', '5'])
  assert.equal(await preview('dead', { to: timeOf(dead).toISOString() }), '0')
  assert.equal(await preview('missing', { from: timeOf(earlier[1]?.id ?? '').toISOString() }), '2')
  await assertProblem(await own.client.call('GET', `/${id}/replay`), 404)

  receiver.behave({}, own.path)
  const bounds = { only: 'all', from: minutesAgo(60) }
  await own.client.replay(id, bounds)
  assert.equal((await own.client.replayDone(id)).sent, 5)
})

test('the preview of a replay looks at 1,000 events or deliveries, or 8 MB of events', async () => {
  const { own, id, preview } = await subscribed('bounded')
  const documents = await storeEarlier(stores, 'bounded', 1001)
  assert.equal(await preview('missing'), '1000+')
  assert.equal(
    await preview('all', { to: timeOf(documents[1000]?.id ?? '').toISOString() }),
    '1000',
  )
  const subscriber = { number: id, consumer: '/org/ttd', id: 'x' }
  const deliveries = documents.map((document) => ({
    ...newDelivery(document, subscriber),
    state: 'dead' as const,
  }))
  await storeAll(stores, 'deliveries', deliveries)
  assert.equal(await preview('dead'), '1000+')
  assert.equal(await preview('missing'), '0+')
  assert.equal(
    await preview('dead', { from: timeOf(documents[1]?.id ?? '').toISOString() }),
    '1000',
  )
  await own.remove(id)

  await storeEarlier(stores, 'large-preview', 10, 'x'.repeat(1_000_000))
  const large = await subscribed('large-preview')
  assert.match(await large.preview('missing'), /^[89]\+$/)
})

test('the preview of a replay refuses what a replay would', async () => {
  const { own, id } = await subscribed('refused')
  const preview = (path: string, body: object) =>
    own.client.call('POST', `${path}/replay/preview`, body)
  const said = await assertProblem(await preview(`/${id}`, { only: 'some' }), 400)
  assert.match(said, /"only" must be one of/)
  await assertProblem(await preview('/999999', { only: 'all', from: minutesAgo(1) }), 404)
  receiver.behave({ status: 410, validationToo: true }, '/refusing')
  const { id: not } = await own.requestSubscription('/refusing')
  await assertProblem(await preview(`/${not}`, { only: 'all', from: minutesAgo(1) }), 409)
})
