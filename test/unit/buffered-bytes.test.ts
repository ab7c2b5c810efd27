import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createByteLimit } from '../../shared/byte-limit.ts'
import { drainSubscription } from '../../shared/flows/drain.ts'
import { fanOutMessage } from '../../shared/flows/fan-out-message.ts'
import { retryDelivery } from '../../shared/flows/retry-delivery.ts'
import { deliveryReferenceTo } from '../../shared/messages.ts'
import { createConcurrencyLimit } from '../../shared/webhooks/concurrency-limit.ts'
import { draining, lease } from './circuit-fixture.ts'
import { message, sentOf, startDrain } from './drain-fixture.ts'
import { eventMessage, eventOf, idOf, SECOND, startFlows } from './flow-fixture.ts'
import { startRetry } from './retry-fixture.ts'
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
  flows.services.bufferedBytes = ONE_EVENT()
  flows.endpoint.react = () => ({ status: 200, ms: 500 })
  await flows.fanOut()
  assert.equal(flows.open.max, 1)
  for (const id of flows.ids) assert.equal(flows.delivery(id)?.state, 'delivered')
})

test('a request that is open when its fan-out has ended counts until its own end', async () => {
  const flows = startTwo()
  flows.services.bufferedBytes = ONE_EVENT()
  flows.endpoint.react = () => ({ status: 200, ms: 9000 })
  await flows.fanOut()
  const [first = NaN, second = NaN] = flows.ids.map((id) =>
    Date.parse(flows.event(id)?.fanOut?.at ?? ''),
  )
  assert.ok(Math.abs(second - first) > 6000, `${first} ${second}`) // the first waits for 2 s, and the second for its end
})

test('a small event is fanned out whatever is buffered', async () => {
  const flows = startTwo()
  flows.services.bufferedBytes = createByteLimit(1)
  flows.services.bufferedBytes.hold(1_000_000)
  await flows.fanOut()
  for (const id of flows.ids) assert.equal(flows.delivery(id)?.state, 'delivered')
})

test('a fan-out that fails releases what it has held', async () => {
  const flows = startTwo()
  const limit = createByteLimit(1_000_000, 0)
  flows.services.bufferedBytes = limit
  flows.services.index = { ...flows.services.index, current: () => Promise.reject(new Error('x')) }
  await assert.rejects(flows.fanOut())
  await flows.pass(1)
  assert.ok(limit.tryAcquire(1_000_000))
})

test('a message of an event that is fanned out already leaves others their room', async () => {
  const flows = startTwo()
  const limit = createByteLimit(1_000_000)
  flows.services.bufferedBytes = limit
  for (let times = 0; times < 2; times++) await flows.fanOut()
  assert.ok(limit.tryAcquire(1_000_000))
})

test('a fan-out whose event is gone when it has room releases what it has waited for', async () => {
  const flows = startTwo()
  const limit = createByteLimit(1, 0)
  flows.services.bufferedBytes = limit
  const release = limit.hold(1)
  flows.at(1, () => {
    for (const id of flows.ids) flows.eraseEvent(id)
    release()
  })
  await assert.rejects(flows.fanOut(), /not visible/)
  await flows.pass(1)
  assert.ok(limit.tryAcquire(1))
})

test('a drain has as many bytes open as its subscriber may have, and leaves nothing out', async () => {
  const flows = startDrain(draining)
  const ids = flows.deliveries(10)
  flows.services.concurrencyLimit = createConcurrencyLimit(flows.services.clock, 1)
  assert.equal(await flows.drain(), 'closing')
  assert.equal(flows.open.max, 1)
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

test('drains and fan-outs share the buffered bytes', async () => {
  const flows = startDrain(draining)
  const ids = flows.deliveries(10)
  flows.services.bufferedBytes = ONE_EVENT()
  const release = flows.services.bufferedBytes.hold(1000)
  flows.at(2, release)
  const began = flows.services.clock.now()
  await flows.run(drainSubscription(flows.services, message))
  assert.equal(flows.open.max, 1)
  assert.ok(flows.requests.every(({ at }) => at >= began + 2000))
  for (const id of ids) assert.equal(flows.delivery(id)?.state, 'delivered')
})

test('a drain waits no longer than its time for bytes, and begins nothing after it', async () => {
  const flows = startDrain(draining)
  const [id = ''] = flows.deliveries(1)
  flows.services.bufferedBytes = ONE_EVENT()
  flows.services.bufferedBytes.hold(1000) // for good
  const began = flows.services.clock.now()
  await flows.run(drainSubscription(flows.services, message))
  assert.ok(flows.services.clock.now() - began < 25_000)
  assert.deepEqual(flows.requests, [])
  assert.equal(flows.delivery(id)?.state, 'backlog')
})

test('what waited for bytes is not sent to a subscriber that wants no more meanwhile', async () => {
  const flows = startDrain(draining)
  flows.deliveries(6)
  flows.services.bufferedBytes = ONE_EVENT()
  flows.endpoint.react = () => ({ status: 410, ms: 100 })
  await flows.drain()
  assert.equal(flows.requests.length, 1)
})

test('a retry that has no room within 5 s goes to the backlog: what it has read is old by then', async () => {
  const flows = startFlows()
  flows.store(subscription(1))
  const [id = ''] = flows.deliveries(1, { state: 'waiting' })
  flows.services.bufferedBytes = ONE_EVENT()
  flows.services.bufferedBytes.hold(1000)
  const found = flows.delivery(id) ?? assert.fail('no delivery')
  const retrying = retryDelivery(flows.services, deliveryReferenceTo(found, {}), found.traceparent)
  assert.equal(await flows.run(retrying), 'backlog')
  assert.deepEqual(flows.requests, [])
})

test('a retry that has room within 5 s is sent', async () => {
  const flows = startRetry()
  flows.services.bufferedBytes = ONE_EVENT()
  flows.at(4, flows.services.bufferedBytes.hold(1000))
  assert.equal(await flows.retry(), 'delivered')
})

test('a delivery whose event is not visible holds nothing', async () => {
  const flows = startDrain(draining)
  for (const id of flows.deliveries(1)) flows.eraseEvent(id)
  const limit = createByteLimit(1_000_000)
  flows.services.bufferedBytes = limit
  await flows.drain()
  assert.ok(limit.tryAcquire(1_000_000))
})

test('a subscriber whose delivery waits for room of ours does not count as slow', async () => {
  const flows = startDrain(draining)
  flows.deliveries(1)
  flows.services.bufferedBytes = ONE_EVENT()
  flows.services.bufferedBytes.hold(1000)
  const number = String(subscription(1).number)
  flows.at(15, () => {
    assert.equal(flows.services.concurrencyLimit.limitOf(number, 1), 24)
    flows.services.bufferedBytes = ONE_EVENT()
  })
  await flows.run(drainSubscription(flows.services, message))
})

test('a subscriber that does not answer a drain counts as slow before it has', async () => {
  const flows = startDrain(draining)
  flows.deliveries(1)
  flows.endpoint.react = () => ({ status: 200, ms: 14_000 })
  const limits: number[] = []
  flows.at(3, () => limits.push(flows.services.concurrencyLimit.limitOf('1', 1)))
  await flows.drain()
  assert.deepEqual(limits, [4])
})

test('probes go on behind the last one: one that had no room comes later, and none twice', async () => {
  const flows = startDrain({ state: 'half-open', opens: 0, probes: 3, lease })
  const ids = flows.deliveries(8)
  const { concurrencyLimit } = flows.services
  let asked = 0
  flows.services.concurrencyLimit = {
    ...concurrencyLimit,
    startWhenRoom: async (...given) =>
      ++asked === 2 ? undefined : concurrencyLimit.startWhenRoom(...given),
  }
  const cursors: string[] = []
  const { page } = flows.services.deliveries
  flows.services.deliveries.page = (number, state, after, max) => {
    cursors.push(after)
    return page(number, state, after, max)
  }
  assert.equal(await flows.drain(), 'closing')
  assert.equal(cursors[1], ids[2], 'a replica may show the third still')
  assert.deepEqual(sentOf(flows), ids)
})

test('probes of an ordered subscription that found no room are those of the next drain', async () => {
  const flows = startFlows()
  const circuit = { state: 'half-open', opens: 0, probes: 3, lease } as const
  flows.store({ ...subscription(1, { circuit }), ordered: true })
  flows.deliveries(2)
  flows.services.bufferedBytes = ONE_EVENT()
  flows.services.bufferedBytes.hold(1000)
  await flows.run(drainSubscription(flows.services, message))
  assert.deepEqual(flows.requests, [])
  assert.equal(flows.sent.at(-1)?.message['after'], undefined, 'it begins with the oldest')
})
