import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createByteLimit } from '../../shared/byte-limit.ts'
import { drainSubscription } from '../../shared/flows/drain.ts'
import { fanOutMessage } from '../../shared/flows/fan-out-message.ts'
import { createConcurrencyLimit } from '../../shared/webhooks/concurrency-limit.ts'
import { draining } from './circuit-fixture.ts'
import { message, startDrain } from './drain-fixture.ts'
import { eventMessage, eventOf, idOf, SECOND, startFlows } from './flow-fixture.ts'
import { subscription } from './subscription-fixture.ts'

const ONE_EVENT = () => createByteLimit(1, 0) // each is larger, and held alone

/** Two events and a subscriber; `fanOut` fans both out at once. */
function startTwo() {
  const flows = startFlows()
  const ids = [idOf(1, 10), idOf(2, 10)]
  for (const id of ids) flows.addEvent(eventOf(id, { pending: SECOND + 60 }))
  flows.store(subscription(1))
  const fanOut = () =>
    flows.run(
      Promise.all(
        ids.map((id) => {
          const inbound = eventMessage(id)
          const { traceparent } = inbound
          return fanOutMessage(flows.services, inbound, { dequeueCount: 1, traceparent })
        }),
      ),
    )
  return { ...flows, ids, fanOut }
}

test('an event that has no room is fanned out when another one has been', async () => {
  const flows = startTwo()
  flows.services.bytesInHand = ONE_EVENT()
  flows.endpoint.react = () => ({ status: 200, ms: 500 })
  await flows.fanOut()
  assert.equal(flows.open.most, 1)
  for (const id of flows.ids) assert.equal(flows.delivery(id)?.state, 'delivered')
})

test('a request that is open when its fan-out has ended counts until its own end', async () => {
  const flows = startTwo()
  flows.services.bytesInHand = ONE_EVENT()
  flows.endpoint.react = () => ({ status: 200, ms: 9000 })
  await flows.fanOut()
  const [first = NaN, second = NaN] = flows.ids.map((id) =>
    Date.parse(flows.event(id)?.fanOut?.at ?? ''),
  )
  assert.ok(Math.abs(second - first) > 6000, `${first} ${second}`) // the first waits for 2 s, and the second for its end
})

test('a small event is fanned out whatever is in hand', async () => {
  const flows = startTwo()
  flows.services.bytesInHand = createByteLimit(1)
  flows.services.bytesInHand.hold(1_000_000)
  await flows.fanOut()
  for (const id of flows.ids) assert.equal(flows.delivery(id)?.state, 'delivered')
})

test('a fan-out that fails releases what it has held', async () => {
  const flows = startTwo()
  const limit = createByteLimit(1_000_000, 0)
  flows.services.bytesInHand = limit
  flows.services.index = { ...flows.services.index, current: () => Promise.reject(new Error('x')) }
  await assert.rejects(flows.fanOut())
  await flows.pass(1)
  assert.ok(limit.tryAcquire(1_000_000))
})

test('a drain has as many bytes open as its subscriber may have, and leaves nothing out', async () => {
  const flows = startDrain(draining)
  const ids = flows.deliveries(10)
  flows.services.concurrencyLimit = createConcurrencyLimit(flows.services.clock, 1)
  assert.equal(await flows.drain(), 'closing')
  assert.equal(flows.open.most, 1)
  for (const id of ids) assert.equal(flows.delivery(id)?.state, 'delivered')
})

test('a drain sends what was waiting for room when its subscriber turned out to be slow', async () => {
  const flows = startDrain(draining)
  const ids = flows.deliveries(6)
  flows.services.concurrencyLimit = createConcurrencyLimit(flows.services.clock, 1)
  flows.endpoint.react = () => ({ status: 200, ms: 2100 })
  const goingOn = { ...message, after: idOf(0) } // from where a drain before has ended
  assert.equal(await flows.run(drainSubscription(flows.services, goingOn)), 'closing')
  assert.equal(flows.requests.length, ids.length)
  for (const id of ids) assert.equal(flows.delivery(id)?.state, 'delivered')
})

test('drains and fan-outs share the bytes in hand', async () => {
  const flows = startDrain(draining)
  const ids = flows.deliveries(10)
  flows.services.bytesInHand = ONE_EVENT()
  const release = flows.services.bytesInHand.hold(1000)
  flows.at(2, release)
  const began = flows.services.clock.now()
  await flows.run(drainSubscription(flows.services, message))
  assert.equal(flows.open.most, 1)
  assert.ok(flows.requests.every(({ at }) => at >= began + 2000))
  for (const id of ids) assert.equal(flows.delivery(id)?.state, 'delivered')
})

test('a drain begins nothing after its time, however long it has waited for bytes', async () => {
  const flows = startDrain(draining)
  const [id = ''] = flows.deliveries(1)
  flows.services.bytesInHand = ONE_EVENT()
  const release = flows.services.bytesInHand.hold(1000)
  flows.at(25, release)
  await flows.run(drainSubscription(flows.services, message))
  assert.deepEqual(flows.requests, [])
  assert.equal(flows.delivery(id)?.state, 'backlog')
})
