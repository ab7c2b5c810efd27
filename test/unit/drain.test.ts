import assert from 'node:assert/strict'
import { test } from 'node:test'
import { circuitOf, draining, lease, since } from './circuit-fixture.ts'
import { drainSubscription } from '../../shared/flows/drain.ts'
import { startFlows } from './flow-fixture.ts'
import { tombstone } from './subscription-fixture.ts'
import { message, next, open, sentOf, startDrain } from './drain-fixture.ts'

test('retries the message while the subscription is not visible', async () => {
  const { services, run } = startFlows()
  await assert.rejects(run(drainSubscription(services, message)), /not visible/)
})

test('does nothing without the lease, or for a deleted subscription', async () => {
  const flows = startDrain(draining)
  flows.deliveries(1)
  flows.store(tombstone(2))
  assert.equal(await flows.drain({ token: 'another' }), 'dropped')
  assert.equal(await flows.drain({ subscription: 'document-2' }), 'dropped')
  assert.deepEqual(
    flows.calls.filter((call) => !call.startsWith('read')),
    [],
  )
  assert.deepEqual(flows.requests, [])
})

test('ignores a second copy of its message', async () => {
  const flows = startDrain(draining)
  const ids = flows.deliveries(3)
  const both = await flows.run(
    Promise.all([
      drainSubscription(flows.services, message),
      drainSubscription(flows.services, message),
    ]),
  )
  assert.deepEqual(both.toSorted(), ['closing', 'dropped'])
  assert.equal(flows.requests.length, ids.length)
})

test('delivers a backlog, oldest first; then it is closing, then closed', async () => {
  const flows = startDrain({ ...draining, failingSince: since })
  const ids = flows.deliveries(30)
  assert.equal(await flows.drain(), 'closing')
  assert.deepEqual(sentOf(flows), ids)
  assert.equal(flows.open.max, 24, 'as many at once as a quick subscriber takes')
  for (const id of ids) assert.equal(flows.delivery(id)?.state, 'delivered')
  const circuit = circuitOf(flows)
  assert.ok(circuit?.state === 'closing')
  assert.equal(circuit.failingSince, undefined)
  for (const [checks, seconds] of [6, 14, 40].entries()) {
    const [last] = flows.sent.splice(0, flows.sent.length).slice(-1)
    assert.ok(last !== undefined)
    assert.equal(last.delaySeconds, seconds)
    assert.equal(last.message['consumer'], '/org/ttd')
    assert.equal(last.message['subscription'], 'document-1')
    assert.equal(typeof last.message['session'], 'string')
    flows.sent.push(last)
    assert.equal(await next(flows), checks === 2 ? 'closed' : 'closing')
  }
  assert.equal(circuitOf(flows), undefined)
})

test('finds what was added to a closing backlog by a later check', async () => {
  const flows = startDrain({ state: 'closing', opens: 2, checks: 0, lease })
  const ids = flows.deliveries(2)
  assert.equal(await flows.drain(), 'closing')
  assert.deepEqual(
    ids.map((id) => flows.delivery(id)?.state),
    ['delivered', 'delivered'],
  )
  const circuit = circuitOf(flows)
  assert.ok(circuit?.state === 'closing' && circuit.opens === 0)
})

test('tries 3 deliveries after the circuit was open, then 10, then 100, then the rest', async () => {
  const flows = startDrain(open)
  flows.deliveries(120)
  const seen: string[] = []
  flows.endpoint.react = () => {
    const circuit = circuitOf(flows)
    seen.push(circuit?.state === 'half-open' ? String(circuit.probes) : (circuit?.state ?? ''))
    return { status: 200 }
  }
  assert.equal(await flows.drain(), 'closing')
  const count = (what: string) => seen.filter((each) => each === what).length
  assert.deepEqual(['3', '10', '100', 'draining'].map(count), [3, 10, 100, 7])
})

test('a failed probe opens the circuit for longer, and uses no step of the schedule', async () => {
  const flows = startDrain(open)
  const ids = flows.deliveries(5)
  const [first = '', , third = '', fourth = ''] = ids
  flows.endpoint.react = () => ({ status: 503 })
  assert.equal(await flows.drain(), 'open')
  assert.deepEqual(sentOf(flows), ids.slice(0, 3))
  const circuit = circuitOf(flows)
  assert.ok(circuit?.state === 'open')
  const { opens, failingSince, reason } = circuit
  assert.deepEqual([opens, failingSince, reason], [2, since, 'answered 503'])
  const openSeconds = circuit.lease.until - flows.seconds()
  assert.ok(openSeconds >= 30 && openSeconds <= 31, String(openSeconds))
  assert.equal(flows.recorded.openings, 1)
  assert.equal(flows.calls.filter((call) => call.startsWith('page')).length, 1)
  const tried = flows.delivery(first)
  assert.deepEqual([tried?.state, tried?.attempt, tried?.attempts.length], ['backlog', 0, 1])
  assert.equal(flows.delivery(fourth)?.attempts.length, 0)
  assert.deepEqual(
    flows.sent.map(({ queue, delaySeconds }) => [queue, Math.ceil(delaySeconds / 2)]),
    [['drainQueue', Math.ceil(openSeconds / 2)]],
  )
  assert.equal(typeof flows.sent[0]?.message['session'], 'string')
  assert.equal(circuit.after, third)
  flows.endpoint.react = () => ({ status: 200 })
  await next(flows)
  const order = flows.requests.map(({ event }) => ids.indexOf(event) < 3)
  assert.deepEqual(order, [true, true, true, false, false, true, true, true], 'those after them')
})

test('probes honour the longest Retry-After; a circuit open for long has no message', async () => {
  const flows = startDrain({ state: 'half-open', opens: 0, probes: 10, lease })
  flows.deliveries(12)
  flows.endpoint.react = (_event, request) =>
    request === 9
      ? { status: 500, ms: 900 }
      : { status: 503, retryAfter: request === 3 ? '7200' : '5' }
  assert.equal(await flows.drain(), 'open')
  assert.equal(flows.requests.length, 10)
  const circuit = circuitOf(flows)
  assert.ok(circuit?.state === 'open')
  assert.equal(circuit.reason, 'answered 500', 'the last')
  assert.ok(Math.abs(circuit.lease.until - flows.seconds() - 7200) <= 1)
  assert.deepEqual(flows.sent, [])
})

test('refreshes the instance’s index after its own change', async () => {
  const flows = startDrain(draining)
  await flows.drain()
  const known = (await flows.run(flows.services.index.current())).get(1)?.circuit
  assert.equal(known?.state, 'closing')
})

test('a delivery in a drain resets the instance’s consecutive failures', async () => {
  const flows = startDrain(draining)
  const { recentOutcomes } = flows.services
  for (let failures = 0; failures < 4; failures++) recentOutcomes.failed('1', false)
  flows.deliveries(1)
  await flows.drain()
  assert.equal(recentOutcomes.failed('1', false).consecutiveFailures, 1)
})

test('continues after the last delivery of the previous drain; the second check finds earlier ones', async () => {
  const flows = startDrain(draining)
  const ids = flows.deliveries(4)
  const after = ids[1] ?? ''
  assert.equal(await flows.drain({ after }), 'closing')
  assert.deepEqual(sentOf(flows), ids.slice(2))
  assert.equal(await next(flows), 'closing')
  assert.deepEqual(sentOf(flows), ids.slice(2))
  assert.equal(await next(flows), 'closing')
  assert.deepEqual(sentOf(flows), ids)
})

test('probes start over at the end of the backlog', async () => {
  const flows = startDrain({ ...open, after: 'f' })
  const ids = flows.deliveries(2)
  assert.equal(await flows.drain(), 'closing')
  assert.deepEqual(sentOf(flows), ids)
})

test('one delivered probe of ten lets the next out, and the others follow their own schedules', async () => {
  const flows = startDrain({ state: 'half-open', opens: 0, probes: 10, failingSince: since, lease })
  const ids = flows.deliveries(10)
  flows.endpoint.react = (event) => ({ status: event === ids[4] ? 200 : 500 })
  assert.equal(await flows.drain(), 'closing')
  const states = ids.map((id) => flows.delivery(id)?.state)
  assert.deepEqual(
    states,
    ids.map((_, index) => (index === 4 ? 'delivered' : 'waiting')),
  )
  assert.equal(flows.delivery(ids[0] ?? '')?.attempt, 1)
  assert.equal(flows.sent.filter(({ queue }) => queue === 'retryQueue').length, 9)
  const circuit = circuitOf(flows)
  assert.ok(circuit?.state === 'closing' && circuit.failingSince === undefined)
})

test('five consecutive failures open a draining circuit, four do not', async () => {
  const flows = startDrain(draining)
  const ids = flows.deliveries(10)
  flows.endpoint.react = (event) => ({
    status: ids.indexOf(event) % 5 > 0 ? 500 : 200,
    ms: 20 + 20 * ids.indexOf(event), // a read takes up to 10
  })
  assert.equal(await flows.drain(), 'closing')
  assert.deepEqual(
    ids.map((id) => flows.delivery(id)?.state === 'delivered').filter(Boolean).length,
    2,
  )
  const worse = startDrain(draining)
  const others = worse.deliveries(40)
  worse.endpoint.react = (event) => ({ status: 500, ms: 20 + 20 * others.indexOf(event) })
  assert.equal(await worse.drain(), 'open')
  assert.equal(worse.requests.length, 24 + 4, 'each of the first four lets another begin')
  const circuit = circuitOf(worse)
  assert.ok(circuit?.state === 'open')
  assert.equal(circuit.after, others[27], 'the next probes are those behind them')
  for (const id of others) {
    const wasSent = worse.requests.some(({ event }) => event === id)
    const { state, attempt } = worse.delivery(id) ?? {}
    assert.deepEqual([state, attempt], wasSent ? ['waiting', 1] : ['backlog', 0])
  }
})

test('a success writes no circuit that is well: only the claim, the closing and the handing over do', async () => {
  const flows = startDrain(draining)
  flows.deliveries(30)
  await flows.drain()
  const writes = flows.calls.filter((call) => /^replace .*document-1/.test(call))
  assert.equal(writes.length, 3)
})
