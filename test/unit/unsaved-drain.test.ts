import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { circuitOf, draining, lease, since } from './circuit-fixture.ts'
import { leaseTokenOf, startDrain } from './drain-fixture.ts'

const open: Circuit = { state: 'open', opens: 1, failingSince: since, reason: 'x', lease }

type Flows = ReturnType<typeof startDrain>

/** Has a drain store nothing of what it sends. */
async function drainUnsaved(flows: Flows): Promise<void> {
  const { save } = flows.services.deliveries
  flows.services.deliveries.save = () => Promise.reject(new Error('out'))
  await assert.rejects(flows.drain(), /out/)
  flows.services.deliveries.save = save
}

/** Goes on after the pause of the drain, or of its circuit. */
async function drainAgain(flows: Flows): Promise<void> {
  await flows.pass(11)
  await flows.drain({ token: leaseTokenOf(flows) ?? '' })
}

test('what arrived with webhook-delivery: disable, and could not be stored, does not end as dead', async () => {
  const flows = startDrain(draining)
  const [id = '', other = ''] = flows.deliveries(2)
  flows.endpoint.react = (event) =>
    event === id ? { status: 200, disable: true } : { status: 500 }
  await drainUnsaved(flows)
  await drainAgain(flows)
  assert.deepEqual([flows.delivery(id)?.state, flows.delivery(other)?.state], ['delivered', 'dead'])
})

test('a probe asks the subscriber, though the failed one before could not be stored', async () => {
  const flows = startDrain(open)
  const [id = ''] = flows.deliveries(1)
  flows.endpoint.react = () => ({ status: 500 })
  await drainUnsaved(flows)
  assert.equal(circuitOf(flows)?.state, 'open')
  flows.endpoint.react = () => ({ status: 200 })
  await flows.pass(20)
  await drainAgain(flows)
  assert.deepEqual([flows.requests.length, flows.delivery(id)?.state], [2, 'delivered'])
})

test('what is only remembered as delivered does not count as a probe', async () => {
  const flows = startDrain(open)
  const [id = '', ...others] = flows.deliveries(30)
  flows.endpoint.react = (event) => ({ status: event === id ? 200 : 500 })
  await drainUnsaved(flows)
  assert.equal(circuitOf(flows)?.state, 'half-open')
  flows.endpoint.react = () => ({ status: 500 })
  await drainAgain(flows)
  assert.equal(circuitOf(flows)?.state, 'open')
  const used = others.filter((each) => flows.delivery(each)?.attempt !== 0).length
  assert.deepEqual([flows.requests.length, used], [12, 0], '3 probes, then 9 of 10')
})

test('five failures that could not be stored open the circuit once', async () => {
  const flows = startDrain(draining)
  flows.deliveries(40)
  flows.services.concurrencyLimit.limitOf = () => 5
  flows.endpoint.react = () => ({ status: 500 })
  await drainUnsaved(flows)
  assert.deepEqual([flows.recorded.openings, circuitOf(flows)?.state], [1, 'open'])
  flows.endpoint.react = () => ({ status: 200 })
  await drainAgain(flows)
  assert.deepEqual([flows.recorded.openings, circuitOf(flows)?.state], [1, 'closing'])
})

test('what a drain delivered, and could not store, does not end by a right that was withdrawn since', async () => {
  const flows = startDrain(draining)
  let isPermitted = true
  flows.services.access.isPermitted = () => Promise.resolve(isPermitted)
  flows.change((stored) => ({ ...stored, accessBy: 'policy' }))
  const [id = ''] = flows.deliveries(1)
  await drainUnsaved(flows)
  isPermitted = false
  await drainAgain(flows)
  assert.deepEqual([flows.requests.length, flows.delivery(id)?.state], [1, 'delivered'])
})
