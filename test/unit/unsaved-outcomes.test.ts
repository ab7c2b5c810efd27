import assert from 'node:assert/strict'
import { test } from 'node:test'
import { circuitOf, draining, lease, since } from './circuit-fixture.ts'
import { leaseTokenOf, next, startDrain } from './drain-fixture.ts'
import { startFanOut } from './fan-out-fixture.ts'

const out = () => Promise.reject(new Error('out'))

test('what arrived with webhook-delivery: disable, and could not be stored, does not end as dead', async () => {
  const flows = startDrain(draining)
  const [id = '', other = ''] = flows.deliveries(2)
  flows.endpoint.react = (event) =>
    event === id ? { status: 200, disable: true } : { status: 500 }
  const { save } = flows.services.deliveries
  flows.services.deliveries.save = out
  await assert.rejects(flows.drain(), /out/)
  flows.services.deliveries.save = save
  assert.equal(await next(flows), 'disabled')
  assert.deepEqual([flows.delivery(id)?.state, flows.delivery(other)?.state], ['delivered', 'dead'])
  assert.equal(flows.services.unsavedOutcomes.get(`1 ${id} 0 0`), undefined, 'it is stored')
  assert.deepEqual(
    flows.delivery(id)?.attempts.map(({ status }) => status),
    [200],
  )
})

test('a probe asks the subscriber, though the failed one before could not be stored', async () => {
  const flows = startDrain({ state: 'open', opens: 1, failingSince: since, reason: 'x', lease })
  const [id = ''] = flows.deliveries(1)
  flows.endpoint.react = () => ({ status: 500 })
  const { save } = flows.services.deliveries
  flows.services.deliveries.save = out
  await assert.rejects(flows.drain(), /out/)
  flows.services.deliveries.save = save
  assert.equal(circuitOf(flows)?.state, 'open')
  flows.endpoint.react = () => ({ status: 200 })
  await flows.pass(30)
  await flows.drain({ token: leaseTokenOf(flows) ?? '' })
  assert.equal(flows.delivery(id)?.state, 'delivered')
  assert.equal(flows.requests.length, 2)
})

test('one failed request counts once, however often its outcome cannot be stored', async () => {
  const flows = startFanOut()
  flows.endpoint.react = () => ({ status: 500 })
  const { add } = flows.services.deliveries
  flows.services.deliveries.add = out
  for (let tries = 1; tries <= 5; tries++) await assert.rejects(flows.fanOut(tries), /out/)
  assert.deepEqual([flows.requests.length, flows.circuit()?.state], [1, 'closed'])
  flows.services.deliveries.add = add
  await flows.fanOut(6)
  const { state, attempts } = flows.record() ?? {}
  assert.deepEqual([state, attempts?.map(({ status }) => status)], ['waiting', [500]])
  assert.equal(flows.requests.length, 1)
})
