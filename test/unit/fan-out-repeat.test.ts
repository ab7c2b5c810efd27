import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drainSubscription } from '../../shared/flows/drain.ts'
import { redeliver } from '../../shared/flows/redeliver.ts'
import { startDrain } from '../../shared/flows/update-circuit.ts'
import { message as drainMessage } from './drain-fixture.ts'
import { deliveryOf, SECOND } from './flow-fixture.ts'
import { RESOURCE, subscription as subscriptionOf } from './subscription-fixture.ts'
import { addSlowly, deleteSubscription, fanOutUnconfirmed, startFanOut } from './fan-out-fixture.ts'

test('ignores an event that is fanned out, and retries one that is not visible', async () => {
  const { id, fanOut, containers, requests, calls, event } = startFanOut()
  await fanOut()
  calls.length = 0
  assert.equal(await fanOut(), undefined)
  assert.deepEqual([requests.length, calls.length], [1, 1])
  assert.ok(event(id) !== undefined)
  containers.events.remove(`${RESOURCE}/party/1/${id}`)
  await assert.rejects(fanOut(), /not visible/)
})

test('fans out an event once when its message comes twice to a process', async () => {
  const { fanOut, requests } = startFanOut()
  const [first, second] = await Promise.all([fanOut(), fanOut()])
  assert.deepEqual([first?.subscribers, second], [1, undefined])
  assert.equal(requests.length, 1)
})

for (const [why, tries, given, age] of [
  ['was handed over before', 2, {}, 10],
  ['was sent again by the sweep', 1, { redrives: 1 }, 10],
  ['is older than a minute', 1, {}, 62],
] as const)
  test(`a message that ${why} looks up existing records first`, async () => {
    const flows = startFanOut(undefined, given, age)
    flows.containers.deliveries.insert(
      `1/${flows.id}`,
      deliveryOf(flows.id, { state: 'delivered' }),
    )
    assert.equal((await flows.fanOut(tries))?.subscribers, 1)
    assert.deepEqual([flows.requests.length, flows.sent.length], [0, 0])
    assert.deepEqual(flows.deliveryCalls(), [`read 1/${flows.id}`])
  })

test('a repeated run attempts what has no record; a first run looks nothing up', async () => {
  const repeat = startFanOut()
  await repeat.fanOut(2)
  assert.equal(repeat.record()?.state, 'delivered')
  const first = startFanOut(undefined, {}, 59)
  await first.fanOut()
  assert.deepEqual(first.deliveryCalls(), [`create 1/${first.id}`])
})

test('a repeated run starts the drain of a backlog without one', async () => {
  const flows = startFanOut()
  flows.containers.deliveries.insert(`1/${flows.id}`, deliveryOf(flows.id))
  await flows.fanOut(2)
  assert.equal(flows.circuit()?.state, 'draining')
  const [drain] = flows.sent
  assert.deepEqual([flows.sent.length, drain?.queue, flows.requests.length], [1, 'drainQueue', 0])
})

test('retries the message when a record is not confirmed, without a second request', async () => {
  const flows = startFanOut()
  const confirm = await fanOutUnconfirmed(flows)
  assert.equal(flows.event(flows.id)?.pending, SECOND + 60)
  confirm()
  await flows.fanOut(2)
  assert.deepEqual([flows.record()?.state, flows.requests.length], ['delivered', 1])
  assert.equal(flows.event(flows.id)?.pending, undefined)
})

test('an outcome that was not confirmed is stored in the record of another copy, without a second request', async () => {
  const flows = startFanOut()
  const confirm = await fanOutUnconfirmed(flows)
  confirm()
  flows.containers.deliveries.insert(`1/${flows.id}`, deliveryOf(flows.id))
  await flows.fanOut(2)
  assert.deepEqual([flows.record()?.state, flows.requests.length], ['delivered', 1])
  assert.equal(flows.circuit(), undefined)
})

test('what is sent again is not ended by an outcome of the run before that could not be confirmed', async () => {
  const flows = startFanOut()
  const { services, id } = flows
  const { add } = services.deliveries
  services.deliveries.add = async (delivery) => {
    await add(delivery) // stored, but its answer is lost
    return { outcome: 'unconfirmed', session: undefined }
  }
  await assert.rejects(flows.fanOut(), /not confirmed/)
  services.deliveries.add = add
  const stored = flows.delivery(id)
  assert.ok(stored)
  await flows.run(redeliver(services, stored))
  await flows.fanOut(2)
  assert.deepEqual([flows.record()?.state, flows.record()?.run], ['waiting', 1])
  assert.equal(services.unsavedOutcomes.get(`1 ${id} 0 0`), undefined)
})

test('adds nothing to the backlog of a subscription deleted meanwhile', async () => {
  const flows = startFanOut()
  await flows.run(flows.services.index.current())
  for (let slot = 0; slot < 24; slot++) flows.services.concurrencyLimit.start('1')
  deleteSubscription(flows)
  await flows.fanOut()
  assert.deepEqual([flows.record(), flows.event(flows.id)?.pending], [undefined, undefined])
  assert.deepEqual(flows.sent, [])
})

test('cancels what joins a backlog so slowly that its subscription is deleted and its deliveries cancelled, though a replica does not show it yet', async () => {
  const flows = startFanOut()
  addSlowly(flows, () => deleteSubscription(flows))
  const { find } = flows.services.deliveries
  flows.services.deliveries.find = (subscription, event, session) =>
    session === undefined ? Promise.resolve(undefined) : find(subscription, event, session)
  await flows.fanOut()
  assert.deepEqual(
    [flows.record()?.state, flows.record()?.reason],
    ['cancelled', 'the subscription was deleted'],
  )
})

test('nothing joins a backlog whose drain could not be started: whoever dies then leaves no record without a due time', async () => {
  const flows = startFanOut()
  for (let slot = 0; slot < 24; slot++) flows.services.concurrencyLimit.start('1')
  flows.services.subscriptions.save = () => Promise.reject(new Error('the process dies here'))
  await assert.rejects(flows.fanOut(), /dies here/)
  assert.equal(flows.record(), undefined)
})

test('claims an event that the sweep would redrive soon', async () => {
  const pendingWhileSent = async (pending: number) => {
    const flows = startFanOut(undefined, { pending })
    let seen: number | undefined
    flows.endpoint.react = () => {
      seen = flows.event(flows.id)?.pending
      return { status: 200 }
    }
    const done = await flows.fanOut()
    assert.equal(done?.outcome, 'written')
    assert.equal(flows.event(flows.id)?.pending, undefined)
    return seen
  }
  assert.equal(await pendingWhileSent(SECOND + 20), SECOND + 60)
  assert.equal(await pendingWhileSent(SECOND - 20), SECOND + 60)
  assert.equal(await pendingWhileSent(SECOND + 21), SECOND + 21)
})

test('leaves an event to another instance that claimed it', async () => {
  const flows = startFanOut(undefined, { pending: SECOND + 10 })
  const { claim } = flows.services.events
  flows.services.events.claim = async (...of) => {
    await claim(...of)
    return claim(...of)
  }
  assert.equal(await flows.fanOut(), undefined)
  assert.deepEqual(flows.requests, [])
})

test('retries the message while the circuit of a backlog is not visible', async () => {
  const flows = startFanOut()
  await flows.run(flows.services.index.current())
  for (let slot = 0; slot < 24; slot++) flows.services.concurrencyLimit.start('1')
  flows.containers.subscriptions.remove('/org/ttd/document-1')
  await assert.rejects(flows.fanOut(), /not visible/)
  assert.equal(flows.event(flows.id)?.pending, SECOND + 60)
})

test('an arrival ends the delivery that another copy of the message has left waiting', async () => {
  const flows = startFanOut()
  flows.deliveries(1, { state: 'waiting', attempt: 1, due: SECOND + 70 })
  const { find } = flows.services.deliveries
  let reads = 0
  flows.services.deliveries.find = (...key) =>
    reads++ === 0 ? Promise.resolve(undefined) : find(...key) // a lagging replica
  await flows.fanOut(2)
  assert.equal(flows.requests.length, 1)
  assert.equal(flows.delivery(flows.id)?.state, 'delivered')
  assert.equal(flows.services.unsavedOutcomes.get(`1 ${flows.id} 0 0`), undefined, 'it is stored')
})

test('what has arrived is not sent again, however long its event stays pending', async () => {
  const flows = startFanOut()
  const unavailable = () => Promise.resolve('unavailable' as const)
  flows.services.register = { partyOf: () => Promise.resolve(undefined), mainUnitsOf: unavailable }
  flows.store(subscriptionOf(2, { filters: { subject: '/party/9', includeSubunits: true } }))
  for (let hours = 0; hours <= 60; hours += 10) {
    await assert.rejects(flows.fanOut(2), /main unit/)
    await flows.pass(10 * 3600)
  }
  assert.deepEqual(
    flows.requests.map(({ event }) => event),
    [flows.id],
    'the records live for a day in these tests',
  )
  const writes = flows.deliveryCalls().filter((call) => call.startsWith('replace'))
  assert.equal(writes.length, 3, 'one for each half of its time')
})

test('what a fan-out could not send is sent by the drain, though another copy has put it into the backlog', async () => {
  const flows = startFanOut()
  flows.endpoint.react = () => {
    flows.containers.deliveries.insert(`1/${flows.id}`, deliveryOf(flows.id))
    return { status: 500 }
  }
  await flows.fanOut()
  assert.deepEqual([flows.record()?.state, flows.record()?.attempt], ['backlog', 0])
  flows.endpoint.react = () => ({ status: 200 })
  await flows.run(startDrain(flows.services, subscriptionOf(1)))
  const token = String(flows.sent.at(-1)?.message['token'])
  await flows.run(drainSubscription(flows.services, { ...drainMessage, token }))
  assert.equal(flows.record()?.state, 'delivered')
  assert.equal(
    flows.requests.length,
    2,
    'the outcome of the first is not taken for that of the second',
  )
})

for (const [what, status, ms] of [
  ['fails', 500, 10],
  ['is slow', 200, 9000],
] as const)
  test(`a copy whose attempt ${what} starts the drain of the record that another one could not confirm`, async () => {
    const flows = startFanOut()
    flows.endpoint.react = () => {
      flows.containers.deliveries.insert(`1/${flows.id}`, deliveryOf(flows.id)) // and then that one ends
      return { status, ms }
    }
    await flows.fanOut()
    assert.equal(flows.record()?.state, 'backlog')
    assert.equal(flows.circuit()?.state, 'draining')
    assert.equal(flows.sent.at(-1)?.queue, 'drainQueue')
  })
