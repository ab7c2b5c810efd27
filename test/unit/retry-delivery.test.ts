import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retryDelivery } from '../../shared/flows/retry-delivery.ts'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { SECOND } from './flow-fixture.ts'
import { draining, lease, since } from './circuit-fixture.ts'
import { inBacklog, retried, ended, startRetry } from './retry-fixture.ts'

test('a retry that succeeds is delivered by one read and one write', async () => {
  const { retry, record, requests, calls, id, sent } = startRetry()
  assert.equal(await retry(), 'delivered')
  const { state, attempts, firstAttempt, due, redrives } = record() ?? {}
  assert.deepEqual(
    [state, attempts?.length, firstAttempt, due, redrives],
    ['delivered', 1, SECOND - 100, undefined, undefined],
  )
  assert.deepEqual(
    requests.map(({ event }) => event),
    [id],
  )
  assert.deepEqual(
    calls.filter((call) => call.includes(` 1/${id}`)),
    [`read 1/${id}`, `replace 1/${id}`],
  )
  assert.deepEqual(
    calls.filter((call) => call.includes('document-1')),
    [],
    'the index knows the subscriber',
  )
  assert.deepEqual(sent, [])
})

test('a retry that fails takes the next step of the schedule', async () => {
  const { retry, record, endpoint, circuit, sent } = startRetry()
  endpoint.react = () => ({ status: 500 })
  assert.equal(await retry(), 'waiting')
  assert.deepEqual([record()?.attempt, record()?.due], [3, SECOND + 120])
  assert.equal(circuit()?.state, 'closed')
  assert.deepEqual(
    sent.map(({ queue, message, delaySeconds }) => [queue, message['attempt'], delaySeconds]),
    [['retryQueue', 3, 60]],
  )
  assert.equal(typeof sent[0]?.message['delivery'], 'string', 'so that it sees this record')
})

test('retries the message while the record is not visible', async () => {
  const { retry } = startRetry()
  await assert.rejects(retry({ subscription: '8' }), /not visible/)
})

test('drops a message of another run or attempt, or of a delivery that is over', async () => {
  for (const more of [{ run: 0 }, { attempt: 1 }, { attempt: 3 }]) {
    const { retry, requests } = startRetry()
    assert.deepEqual([await retry(more), requests.length], ['dropped', 0])
  }
  for (const state of ['delivered', 'dead', 'cancelled'] as const) {
    const { retry, requests } = startRetry(undefined, { state })
    assert.deepEqual([await retry(), requests.length], ['dropped', 0])
  }
})

test('attempts once when a message comes twice to a process', async () => {
  const { retry, requests } = startRetry()
  const both = await Promise.all([retry(), retry()])
  assert.deepEqual([both.toSorted(), requests.length], [['delivered', 'dropped'], 1])
})

for (const [status, state] of [
  [503, 'waiting'],
  [200, 'delivered'],
] as const)
  test(`a ${status} for a delivery that has moved to a later attempt leaves it ${state}`, async () => {
    const { retry, id, endpoint, containers, record, sent } = startRetry()
    endpoint.react = () => {
      const found = containers.deliveries.find(`1/${id}`)
      containers.deliveries.replace(`1/${id}`, found?._etag ?? '', (current) => ({
        ...current,
        attempt: 3,
      }))
      return { status }
    }
    assert.equal(await retry(), status === 200 ? 'delivered' : 'changed')
    assert.deepEqual([record()?.state, record()?.attempt], [state, 3])
    assert.deepEqual(sent, [], 'there is nothing to drain')
  })

test('stores the outcome of a delivery that the sweep claimed meanwhile', async () => {
  const { retry, id, endpoint, containers, record, recorded } = startRetry()
  endpoint.react = () => {
    const found = containers.deliveries.find(`1/${id}`)
    containers.deliveries.replace(`1/${id}`, found?._etag ?? '', (current) => ({
      ...current,
      redrives: 2,
      due: SECOND + 60,
    }))
    return { status: 200 }
  }
  assert.equal(await retry(), 'delivered')
  assert.equal(record()?.state, 'delivered')
  assert.deepEqual([recorded.attempts, recorded.deliveries], [['delivered'], ['delivered']])
})

test('stores an unsaved outcome at the next try, without a second request', async () => {
  const { retry, services, requests, record, circuit, endpoint, message, run } = startRetry()
  const { save } = services.deliveries
  services.deliveries.save = () => Promise.reject(new Error('no store'))
  endpoint.react = () => ({ status: 500 })
  await assert.rejects(retry(), /no store/)
  assert.equal(circuit()?.state, 'closed', 'the circuit learns of it')
  services.deliveries.save = save
  assert.equal(await retry(), 'waiting')
  assert.deepEqual([requests.length, record()?.attempt], [1, 3])
  await run(retryDelivery(services, { ...message, attempt: 3 }, message.traceparent))
  assert.equal(requests.length, 2, 'the next attempt is a request of its own')
})

test('repeats the request when an unsaved outcome is older than five minutes', async () => {
  for (const [seconds, requests] of [
    [298, 1],
    [301, 2],
  ] as const) {
    const flows = startRetry()
    const { save } = flows.services.deliveries
    flows.services.deliveries.save = () => Promise.reject(new Error('no store'))
    await assert.rejects(flows.retry(), /no store/)
    flows.services.deliveries.save = save
    await flows.pass(seconds)
    await flows.retry()
    assert.equal(flows.requests.length, requests)
  }
})

test('failed retries open no circuit: their events may fail by themselves', async () => {
  const flows = startRetry()
  for (let failures = 0; failures < 4; failures++) flows.services.recentOutcomes.failed('1', false)
  flows.endpoint.react = () => ({ status: 500 })
  await flows.retry()
  assert.equal(flows.circuit()?.state, 'closed')
})

test('moves a due delivery to the backlog while the circuit is open or draining', async () => {
  const opened: Circuit = { state: 'open', opens: 1, failingSince: since, reason: 'x', lease }
  for (const before of [opened, draining]) {
    const { retry, record, requests, circuit, sent, calls } = startRetry(before)
    assert.deepEqual([await retry(), requests.length, sent.length], ['backlog', 0, 0])
    assert.ok(!calls.some((call) => call.includes('/org/ttd')), 'the index knows the circuit')
    const { state, due, redrives, attempt } = record() ?? {}
    assert.deepEqual([state, due, redrives, attempt], ['backlog', undefined, undefined, 2])
    assert.deepEqual(circuit(), before)
  }
})

test('starts the drain of a backlog without one: of a full subscriber, and of a disabled one whose deliveries have ended', async () => {
  const disabled = startRetry(ended)
  assert.equal(await disabled.retry(), 'backlog')
  const off = disabled.circuit()
  assert.ok(off?.state === 'disabled' && off.lease !== undefined)
  assert.deepEqual(
    disabled.sent.map(({ queue, message }) => [queue, message['token']]),
    [['drainQueue', off.lease.token]],
  )
  const beingEnded = startRetry({ ...ended, lease, hasChecked: true })
  assert.equal(await beingEnded.retry(), 'backlog')
  assert.deepEqual([beingEnded.circuit(), beingEnded.sent], [{ ...ended, lease }, []])
  const full = startRetry()
  for (let slot = 0; slot < 24; slot++) full.services.concurrencyLimit.start('1')
  assert.equal(await full.retry(), 'backlog')
  assert.deepEqual(
    [full.circuit()?.state, full.sent.length, full.requests.length],
    ['draining', 1, 0],
  )
})

test('a message for a delivery in the backlog attempts nothing, and ensures its drain', async () => {
  const { retry, requests, circuit, sent, record } = startRetry(undefined, inBacklog, 200, {})
  assert.deepEqual([await retry(), requests.length], ['backlog', 0])
  assert.deepEqual([circuit()?.state, sent.length], ['draining', 1])
  assert.equal(record()?.state, 'backlog')
  const drained = startRetry(draining, inBacklog, 200, {})
  await drained.retry()
  assert.deepEqual(
    drained.calls.filter((call) => call.startsWith('replace')),
    [],
  )
  assert.deepEqual([drained.circuit(), drained.sent.length], [draining, 0])
})

test('ensures the drain when the known circuit is too old at the write', async () => {
  const flows = startRetry(draining)
  const { save } = flows.services.deliveries
  flows.services.deliveries.save = async (delivery) => {
    await flows.services.clock.timeout(6000).ended
    flows.change(({ circuit: _circuit, ...enabled }) => enabled)
    return save(delivery)
  }
  assert.equal(await flows.retry(), 'backlog')
  assert.equal(flows.circuit()?.state, 'draining')
  assert.equal(flows.sent.length, 1)
})

test('releases the slot after a retry', async () => {
  const { retry, services } = startRetry()
  for (let slot = 0; slot < 23; slot++) services.concurrencyLimit.start('1')
  await retry()
  assert.ok((await services.concurrencyLimit.acquire('1')) !== undefined)
})

test('a subscriber has at most four retries at once; another waits a second, then joins the backlog', async () => {
  const flows = startRetry()
  const ids = flows.deliveries(5, retried, 300)
  flows.endpoint.react = () => ({ status: 200, ms: 1800 })
  const states = await flows.run(
    Promise.all(
      ids.map((event) => retryDelivery(flows.services, { ...flows.message, event }, 'x')),
    ),
  )
  assert.deepEqual(states.toSorted(), ['backlog', ...Array(4).fill('delivered')])
  assert.equal(flows.open.max, 4)
})
