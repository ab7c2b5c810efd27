import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventKey } from '../simulation/event-store.ts'
import { circuitOf, draining } from './circuit-fixture.ts'
import { leaseTokenOf, next, open, sentOf, startDrain } from './drain-fixture.ts'
import { deliveryOf, eventOf, idOf, SECOND } from './flow-fixture.ts'

test('sends what joins a long backlog before the cursor of its drain', async () => {
  const flows = startDrain(draining)
  let count = 0
  const add = (id: string, given = {}) => {
    flows.containers.events.insert(eventKey(eventOf(id)), eventOf(id))
    flows.containers.deliveries.insert(`1/${id}`, deliveryOf(id, given))
  }
  const addNew = (many: number) => {
    for (let each = 0; each < many; each++) add(idOf(++count, 1000))
  }
  addNew(200)
  flows.endpoint.react = () => ({ status: 200, ms: 3000 }) // slow: 80 a minute, and more arrive
  await flows.drain()
  const failedBefore = idOf(1, 4000)
  add(failedBefore, { attempt: 1, firstAttempt: SECOND })
  for (let minutes = 0; minutes < 3; minutes++) {
    addNew(100)
    await next(flows)
  }
  assert.equal(flows.delivery(failedBefore)?.state, 'delivered')
})

test('sends the oldest first when the endpoint is back, also those that probes have tried', async () => {
  const flows = startDrain(open)
  const ids = flows.deliveries(400)
  flows.endpoint.react = () => ({ status: 503 })
  for (let probe = 0; probe < 5; probe++) {
    await flows.drain({ token: leaseTokenOf(flows) ?? '' })
    const circuit = circuitOf(flows)
    assert.ok(circuit?.state === 'open')
    await flows.pass(circuit.lease.until - flows.seconds())
  }
  const tried = new Set(sentOf(flows))
  flows.endpoint.react = () => ({ status: 200, ms: 3000 }) // slow: 80 a minute
  await flows.drain({ token: leaseTokenOf(flows) ?? '' })
  await next(flows)
  assert.ok(tried.size >= 5)
  for (const id of tried) assert.equal(flows.delivery(id)?.state, 'delivered')
  assert.ok(flows.requests.length < ids.length - 100)
})

for (const [circuit, size] of [
  [draining, 50],
  [open, 12],
] as const)
  test(`the first check of a closing backlog that was ${circuit.state} sends nothing again that a lagging replica still shows`, async () => {
    const flows = startDrain(circuit)
    const ids = flows.deliveries(size)
    const before = ids.flatMap((id) => flows.delivery(id) ?? [])
    assert.equal(await flows.drain(), 'closing')
    const { page } = flows.services.deliveries
    const until = flows.seconds() + 8
    flows.services.deliveries.page = (number, state, after, count) =>
      flows.seconds() < until && state === 'backlog'
        ? Promise.resolve(before.filter(({ id }) => id > after).slice(0, count))
        : page(number, state, after, count)
    assert.equal(await next(flows), 'closing')
    assert.deepEqual(sentOf(flows), ids)
  })

test('a delivery that joins behind the cursor is sent when the end is reached, and nothing twice', async () => {
  const flows = startDrain(draining)
  const ids = flows.deliveries(30)
  flows.endpoint.react = () => ({ status: 200, ms: 100 })
  const late: string[] = []
  flows.at(0.15, () => late.push(...flows.deliveries(5, {}, 20))) // older than all
  const began = flows.seconds()
  assert.equal(await flows.drain(), 'closing')
  assert.ok(flows.seconds() - began < 3)
  assert.deepEqual(sentOf(flows), [...late, ...ids].toSorted())
})

test('a drain that checks once more at the end of a backlog sends nothing twice that a lagging replica still shows', async () => {
  const flows = startDrain(draining)
  const ids = flows.deliveries(30)
  const before = ids.flatMap((id) => flows.delivery(id) ?? [])
  flows.services.deliveries.page = (_number, _state, after, count) =>
    Promise.resolve(before.filter(({ id }) => id > after).slice(0, count))
  assert.equal(await flows.drain(), 'closing')
  assert.deepEqual(sentOf(flows), ids)
})
