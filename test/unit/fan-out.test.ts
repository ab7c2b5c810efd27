import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { deliveryOf, SECOND } from './flow-fixture.ts'
import { draining, lease, since } from './circuit-fixture.ts'
import { startFanOut } from './fan-out-fixture.ts'
import { subscription } from './subscription-fixture.ts'

test('a successful delivery is one request and one write, and the event is fanned out', async () => {
  const { id, fanOut, record, event, deliveryCalls, requests, sent, recorded } = startFanOut()
  assert.deepEqual(await fanOut(), { event: id, subscribers: 1, outcome: 'written' })
  const { state, run, attempt, firstAttempt, attempts, due } = record() ?? {}
  assert.deepEqual([state, run, attempt, firstAttempt, due], ['delivered', 0, 0, SECOND, undefined])
  assert.deepEqual(
    attempts?.map(({ status }) => status),
    [200],
  )
  assert.deepEqual(deliveryCalls(), [`create 1/${id}`])
  assert.equal(requests.length, 1)
  assert.deepEqual(sent, [])
  assert.deepEqual([recorded.attempts, recorded.deliveries], [['delivered'], ['delivered']])
  const { pending, fanOut: noted } = event(id) ?? {}
  assert.deepEqual([pending, noted?.count], [undefined, 1])
  assert.ok(Math.abs(Date.parse(noted?.at ?? '') / 1000 - SECOND) < 2)
})

test('records the first failure with its retry, and delays the message', async () => {
  const { id, fanOut, record, sent, endpoint, circuit } = startFanOut()
  endpoint.react = () => ({ status: 500 })
  await fanOut()
  const { state, attempt, due } = record() ?? {}
  assert.deepEqual([state, attempt, due], ['waiting', 1, SECOND + 70])
  const [retry] = sent
  assert.deepEqual([sent.length, retry?.queue, retry?.delaySeconds], [1, 'retryQueue', 10])
  assert.deepEqual(
    [retry?.message['event'], retry?.message['attempt'], retry?.message['run']],
    [id, 1, 0],
  )
  assert.equal(typeof retry?.message['delivery'], 'string')
  assert.equal(retry?.message['session'], 'session')
  assert.deepEqual(
    { ...circuit(), failingSince: '' },
    { state: 'closed', opens: 0, failingSince: '' },
  )
})

test('sends no message for a retry over a minute away, and honours Retry-After', async () => {
  const { fanOut, record, sent, endpoint } = startFanOut()
  endpoint.react = () => ({ status: 503, retryAfter: '61' })
  await fanOut()
  assert.deepEqual([record()?.due, sent.length], [SECOND + 61, 0])
})

test('attempts at once while the circuit is closing', async () => {
  const { fanOut, record } = startFanOut({ state: 'closing', opens: 0, checks: 0, lease })
  await fanOut()
  assert.equal(record()?.state, 'delivered')
})

test('sends nothing while a circuit is open or draining: the delivery joins the backlog', async () => {
  const opened: Circuit = { state: 'open', opens: 1, failingSince: since, reason: 'x', lease }
  for (const before of [opened, draining]) {
    const { id, fanOut, record, requests, sent, circuit, calls, deliveryCalls } =
      startFanOut(before)
    assert.equal((await fanOut())?.subscribers, 1)
    assert.deepEqual([record()?.state, requests.length, sent.length], ['backlog', 0, 0])
    assert.deepEqual(circuit(), before)
    assert.deepEqual(
      calls.filter((call) => call.includes('document-1')),
      [],
    )
    assert.deepEqual(deliveryCalls(), [`create 1/${id}`])
  }
})

test('without a slot the delivery joins the backlog and starts its drain', async () => {
  const { services, fanOut, record, circuit, sent, requests, recorded } = startFanOut()
  for (let slot = 0; slot < 24; slot++) services.concurrencyLimit.start('1')
  await fanOut()
  assert.deepEqual([record()?.state, requests.length], ['backlog', 0])
  assert.deepEqual(recorded.deliveries, ['backlog'])
  const drained = circuit()
  assert.ok(drained?.state === 'draining')
  assert.deepEqual(
    sent.map(({ queue, message }) => [queue, message['token']]),
    [['drainQueue', drained.lease.token]],
  )
})

test('releases the slot however the attempt ends', async () => {
  for (const status of [200, 500]) {
    const { services, fanOut, endpoint } = startFanOut()
    endpoint.react = () => ({ status })
    for (let slot = 0; slot < 23; slot++) services.concurrencyLimit.start('1')
    await fanOut()
    assert.ok((await services.concurrencyLimit.acquire('1')) !== undefined)
  }
})

test('starts a drain when the known circuit is too old at the write', async () => {
  const flows = startFanOut(draining)
  const { add } = flows.services.deliveries
  flows.services.deliveries.add = async (delivery) => {
    await flows.services.clock.timeout(6000).ended
    flows.change(({ circuit: _circuit, ...enabled }) => enabled)
    return add(delivery)
  }
  await flows.fanOut()
  assert.equal(flows.record()?.state, 'backlog')
  assert.equal(flows.circuit()?.state, 'draining')
  assert.equal(flows.sent.length, 1)
})

test('waits 2 s for a slow subscriber, then creates the record and stores the outcome later', async () => {
  const { id, fanOut, record, endpoint, pass, seconds, deliveryCalls, circuit } = startFanOut()
  endpoint.react = () => ({ status: 200, ms: 9000 })
  await fanOut()
  assert.ok(seconds() - SECOND >= 2 && seconds() - SECOND <= 3)
  const { state, due, attempts } = record() ?? {}
  assert.deepEqual([state, attempts], ['waiting', []])
  assert.ok(
    due !== undefined && due >= SECOND + 2 + 15 + 60 && due <= SECOND + 3 + 15 + 60,
    String(due),
  )
  await pass(10)
  assert.equal(record()?.state, 'delivered')
  assert.deepEqual(deliveryCalls(), [`create 1/${id}`, `read 1/${id}`, `replace 1/${id}`])
  assert.equal(circuit(), undefined)
})

test('an open attempt is due after its time limit, whatever that is', async () => {
  const flows = startFanOut()
  const { config } = flows.services
  flows.services.config = { ...config, delivery: { ...config.delivery, timeoutMs: 2500 } }
  flows.endpoint.react = () => ({ status: 200, ms: 2400 })
  await flows.fanOut()
  const { due = 0 } = flows.record() ?? {}
  assert.ok(due - SECOND === 2 + 3 + 60 || due - SECOND === 3 + 3 + 60, String(due - SECOND))
})

test('retries a slow attempt that fails by its schedule, and updates the circuit', async () => {
  const { fanOut, record, endpoint, pass, sent, circuit } = startFanOut()
  endpoint.react = () => ({ status: 500, ms: 9000 })
  await fanOut()
  await pass(10)
  assert.deepEqual(
    [record()?.state, record()?.attempt, record()?.attempts.length],
    ['waiting', 1, 1],
  )
  assert.equal(sent.length, 1)
  assert.equal(circuit()?.state, 'closed')
})

test('creates no other record of a slow attempt whose record was erased meanwhile', async () => {
  const flows = startFanOut()
  flows.endpoint.react = () => ({ status: 200, ms: 5000 })
  await flows.fanOut()
  assert.equal(flows.record()?.state, 'waiting')
  flows.containers.deliveries.remove(`1/${flows.id}`)
  await flows.pass(60)
  assert.deepEqual([flows.requests.length, flows.record()], [1, undefined])
})

test('leaves a slow attempt’s record to another run that created it', async () => {
  const flows = startFanOut()
  flows.endpoint.react = () => ({ status: 500, ms: 9000 })
  const other = deliveryOf(flows.id, { state: 'delivered' })
  flows.at(1, () => flows.containers.deliveries.insert(`1/${flows.id}`, other))
  await flows.fanOut()
  await flows.pass(10)
  assert.deepEqual([flows.record()?.state, flows.record()?.attempts.length], ['delivered', 0])
  assert.deepEqual(flows.sent, [])
})

test('five consecutive failures open the circuit, and send the message that probes it', async () => {
  const { services, fanOut, endpoint, circuit, sent, recorded } = startFanOut()
  for (let failures = 0; failures < 4; failures++) services.recentOutcomes.failed('1', false)
  endpoint.react = () => ({ status: 500 })
  await fanOut()
  const opened = circuit()
  assert.ok(opened?.state === 'open')
  assert.deepEqual([opened.opens, opened.reason, recorded.openings], [1, 'answered 500', 1])
  const drain = sent.find(({ queue }) => queue === 'drainQueue')
  assert.equal(drain?.message['token'], opened.lease.token)
  assert.ok(drain.delaySeconds >= 10 && drain.delaySeconds <= 11)
  assert.equal(
    services.recentOutcomes.failed('1', false).consecutiveFailures,
    1,
    'they are counted anew',
  )
})

test('a 410 disables the subscription, and starts a drain of its open deliveries', async () => {
  const { fanOut, endpoint, circuit, sent, record } = startFanOut()
  endpoint.react = () => ({ status: 410 })
  await fanOut()
  const off = circuit()
  assert.ok(off?.state === 'disabled')
  assert.equal(off.reason, '410')
  assert.deepEqual([record()?.state, record()?.reason], ['dead', '410'])
  assert.deepEqual(
    sent.map(({ queue, message }) => [queue, message['token']]),
    [['drainQueue', off.lease?.token]],
  )
})

test('a success ends the failing, and writes nothing else', async () => {
  const failing = startFanOut({ state: 'closed', opens: 0, failingSince: since })
  await failing.fanOut()
  assert.equal(failing.circuit(), undefined)
  const well = startFanOut()
  await well.fanOut()
  assert.deepEqual(
    well.calls.filter((call) => call.includes('document-1')),
    [],
  )
})

test('attempts an event at 64 subscribers at once, and at the others after them', async () => {
  const { fanOut, store, endpoint, open, requests } = startFanOut()
  for (let number = 2; number <= 80; number++) store(subscription(number))
  endpoint.react = () => ({ status: 200, ms: 500 })
  await fanOut()
  assert.deepEqual([open.max, requests.length], [64, 80])
})
