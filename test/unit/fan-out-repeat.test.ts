import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deliveryOf, SECOND } from './flow-fixture.ts'
import { RESOURCE } from './subscription-fixture.ts'
import { tombstone } from './subscription-fixture.ts'
import { startFanOut } from './fan-out-fixture.ts'

test('an event that is fanned out already is left alone; one that is not to be seen comes again', async () => {
  const { id, fanOut, containers, requests, calls, event } = startFanOut()
  await fanOut()
  calls.length = 0
  assert.equal(await fanOut(), undefined)
  assert.deepEqual([requests.length, calls.length], [1, 1])
  assert.ok(event(id) !== undefined)
  containers.events.remove(`${RESOURCE}/party/1/${id}`)
  await assert.rejects(fanOut(), /not visible/)
})

test('the same event twice in one process is fanned out once', async () => {
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
  test(`a message that ${why} first looks which records are there`, async () => {
    const flows = startFanOut(undefined, given, age)
    flows.containers.deliveries.insert(
      `1/${flows.id}`,
      deliveryOf(flows.id, { state: 'delivered' }),
    )
    assert.equal((await flows.fanOut(tries))?.subscribers, 1)
    assert.deepEqual([flows.requests.length, flows.sent.length], [0, 0])
    assert.deepEqual(flows.deliveryCalls(), [`read 1/${flows.id}`])
  })

test('a run that may be a repeat attempts what has no record, and a younger first run does not look', async () => {
  const repeat = startFanOut()
  await repeat.fanOut(2)
  assert.equal(repeat.record()?.state, 'delivered')
  const first = startFanOut(undefined, {}, 59)
  await first.fanOut()
  assert.deepEqual(first.deliveryCalls(), [`create 1/${first.id}`])
})

test('a repeat finds a backlog that nobody drains, and has it drained', async () => {
  const flows = startFanOut()
  flows.containers.deliveries.insert(`1/${flows.id}`, deliveryOf(flows.id))
  await flows.fanOut(2)
  assert.equal(flows.circuit()?.state, 'draining')
  const [drain] = flows.sent
  assert.deepEqual([flows.sent.length, drain?.queue, flows.requests.length], [1, 'drainQueue', 0])
})

test('a record that is not confirmed has the message come again, and the outcome is not asked for twice', async () => {
  const flows = startFanOut()
  const { add } = flows.services.deliveries
  flows.services.deliveries.add = () =>
    Promise.resolve({ outcome: 'unconfirmed', session: undefined })
  await assert.rejects(flows.fanOut(), /not confirmed/)
  assert.equal(flows.event(flows.id)?.pending, SECOND + 60)
  flows.services.deliveries.add = add
  await flows.fanOut(2)
  assert.deepEqual([flows.record()?.state, flows.requests.length], ['delivered', 1])
  assert.equal(flows.event(flows.id)?.pending, undefined)
})

test('what joins the backlog of a subscription that is deleted by now is cancelled', async () => {
  const flows = startFanOut()
  await flows.run(flows.services.index.current())
  for (let place = 0; place < 24; place++) flows.services.concurrencyLimit.start('1')
  flows.containers.subscriptions.remove('/org/ttd/document-1')
  flows.store(tombstone(1))
  await flows.fanOut()
  assert.deepEqual(
    [flows.record()?.state, flows.record()?.reason],
    ['cancelled', 'the subscription was deleted'],
  )
  assert.deepEqual(flows.sent, [])
})

test('an event that the sweep would take soon is claimed before it is fanned out', async () => {
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

test('an event that another has claimed meanwhile is left to that one', async () => {
  const flows = startFanOut(undefined, { pending: SECOND + 10 })
  const { claim } = flows.services.events
  flows.services.events.claim = async (...of) => {
    await claim(...of)
    return claim(...of)
  }
  assert.equal(await flows.fanOut(), undefined)
  assert.deepEqual(flows.requests, [])
})

test('a backlog is not left to a circuit that is not to be seen: the message comes again', async () => {
  const flows = startFanOut()
  await flows.run(flows.services.index.current())
  for (let place = 0; place < 24; place++) flows.services.concurrencyLimit.start('1')
  flows.containers.subscriptions.remove('/org/ttd/document-1')
  await assert.rejects(flows.fanOut(), /not visible/)
  assert.equal(flows.event(flows.id)?.pending, SECOND + 60)
})
