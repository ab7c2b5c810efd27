import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retryDelivery } from '../../shared/flows/retry-delivery.ts'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { circuitOf, draining, lease, since } from './circuit-fixture.ts'
import { leaseTokenOf, startDrain } from './drain-fixture.ts'
import { eventMessage, SECOND, timeOfSecond } from './flow-fixture.ts'

const open: Circuit = { state: 'open', opens: 1, failingSince: since, reason: 'x', lease }

type Flows = ReturnType<typeof startDrain>

/** Has a drain store nothing of what it sends. */
async function drainUnsaved(flows: Flows): Promise<void> {
  const { save } = flows.services.deliveries
  flows.services.deliveries.save = () => Promise.reject(new Error('out'))
  await assert.rejects(flows.drain(), /out/)
  flows.services.deliveries.save = save
}

/** Goes on after the wait of the drain, or when its open circuit is due. */
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
  assert.equal(flows.services.unsavedOutcomes.get(`1 ${id} 0 0`), undefined, 'it is stored')
  const statuses = flows.delivery(id)?.attempts.map(({ status }) => status)
  assert.deepEqual(statuses, [200])
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

test('what is only remembered as delivered does not end the failures in a row since', async () => {
  const flows = startDrain(draining)
  const [id = ''] = flows.deliveries(1)
  await drainUnsaved(flows)
  const { recentOutcomes } = flows.services
  const fail = () => recentOutcomes.failed('1', false).consecutiveFailures
  assert.deepEqual([fail(), fail()], [1, 2])
  await drainAgain(flows)
  assert.deepEqual([flows.delivery(id)?.state, flows.requests.length, fail()], ['delivered', 1, 3])
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

test('a probe asks the subscriber, though a failure before its circuit opened could not be stored', async () => {
  const flows = startDrain(draining)
  flows.deliveries(5)
  flows.services.concurrencyLimit.limitOf = () => 5
  flows.endpoint.react = () => ({ status: 500 })
  await drainUnsaved(flows)
  assert.equal(circuitOf(flows)?.state, 'open')
  flows.endpoint.react = () => ({ status: 200 })
  await drainAgain(flows)
  assert.deepEqual([flows.requests.length, circuitOf(flows)?.state], [10, 'closing'])
})

test('what is only remembered as delivered does not interrupt five failures in a row', async () => {
  const flows = startDrain(draining)
  flows.services.concurrencyLimit.limitOf = () => 1
  flows.deliveries(1, {}, 300)
  await drainUnsaved(flows)
  flows.deliveries(4, {}, 600)
  flows.deliveries(1, {}, 100)
  flows.endpoint.react = () => ({ status: 500 })
  await drainAgain(flows)
  assert.deepEqual([flows.requests.length, circuitOf(flows)?.state], [6, 'open'])
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

for (const [step, given] of [
  ['first', {}],
  ['last', { attempt: 12, firstAttempt: SECOND - 48 * 3600 }],
] as const)
  test(`a failed probe at its ${step} step that could not be stored is sent again once the subscriber is well`, async () => {
    const flows = startDrain(open)
    const ids = flows.deliveries(120, given)
    flows.endpoint.react = () => ({ status: 500 })
    await drainUnsaved(flows)
    assert.deepEqual([flows.requests.length, circuitOf(flows)?.state], [3, 'open'])
    const [first = ''] = ids
    const message = {
      ...eventMessage(first),
      subscription: '1',
      run: 0,
      attempt: given.attempt ?? 0,
    }
    await flows.run(retryDelivery(flows.services, message, 'x')) // a late copy, which uses no step
    assert.equal(flows.delivery(first)?.state, 'backlog')
    flows.endpoint.react = () => ({ status: 200 })
    await flows.pass(20)
    await drainAgain(flows)
    assert.ok(ids.every((id) => flows.delivery(id)?.state === 'delivered'))
  })

test('the one success in five days counts, though neither it nor the circuit could be stored at first', async () => {
  const failingSince = timeOfSecond(SECOND - 5 * 86_400 + 120)
  const flows = startDrain({ ...draining, opens: 9, failingSince })
  flows.deliveries(1)
  const { subscriptions } = flows.services
  const { save } = subscriptions
  const claims = [save]
  subscriptions.save = (document) =>
    (claims.pop() ?? (() => Promise.reject(new Error('out'))))(document)
  await drainUnsaved(flows)
  subscriptions.save = save
  await flows.pass(60)
  await drainAgain(flows)
  const found = circuitOf(flows)
  assert.ok(found?.state === 'closing' && found.failingSince === undefined)
})

test('what arrived, and could not be stored, does not end as dead because its event is gone by then', async () => {
  const flows = startDrain(draining)
  const [id = ''] = flows.deliveries(1, { missingSince: SECOND - 3700 })
  await drainUnsaved(flows)
  flows.eraseEvent(id)
  flows.services.eventCache.find = () => Promise.resolve(undefined)
  await drainAgain(flows)
  assert.deepEqual([flows.requests.length, flows.delivery(id)?.state], [1, 'delivered'])
})

test('what a drain delivered, and could not store, is stored though nobody decides about its right then', async () => {
  const flows = startDrain(draining)
  flows.services.access.isPermitted = () => Promise.resolve(true)
  flows.change((stored) => ({ ...stored, accessBy: 'policy' }))
  const [id = ''] = flows.deliveries(1)
  await drainUnsaved(flows)
  flows.services.access.isPermitted = () => Promise.reject(new Error('no decision'))
  await drainAgain(flows)
  assert.deepEqual([flows.requests.length, flows.delivery(id)?.state], [1, 'delivered'])
})
