import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drainSubscription } from '../../shared/flows/drain.ts'
import type { DrainMessage } from '../../shared/messages.ts'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { isSubscription } from '../../shared/subscriptions/subscription.ts'
import { SECOND, startFlows, timeOfSecond, type Flows } from './flow-fixture.ts'
import { subscription, tombstone } from './subscription-fixture.ts'

const lease = { token: 'token', until: SECOND + 100 }
const since = timeOfSecond(SECOND - 600)
const draining: Circuit = { state: 'draining', opens: 0, lease }
const open: Circuit = { state: 'open', opens: 1, failingSince: since, reason: 'x', lease }
const message: DrainMessage = {
  v: 1,
  consumer: '/org/ttd',
  subscription: 'document-1',
  token: 'token',
}

function startDrain(circuit: Circuit) {
  const flows = startFlows()
  flows.store(subscription(1, { circuit }))
  return {
    ...flows,
    drain: (given: Partial<DrainMessage> = {}) =>
      flows.run(drainSubscription(flows.services, { ...message, ...given })),
  }
}
/** The circuit that is stored. */
function circuitOf(flows: Pick<Flows, 'subscription'>): Circuit | undefined {
  const found = flows.subscription()
  return isSubscription(found) ? found.circuit : undefined
}
const leaseTokenOf = (flows: Pick<Flows, 'subscription'>) => {
  const circuit = circuitOf(flows)
  return circuit !== undefined && circuit.state !== 'closed' ? circuit.lease?.token : undefined
}
/** Goes on with the message that was sent last, when its time has come. */
async function next(flows: ReturnType<typeof startDrain>): Promise<string> {
  const last = flows.sent.at(-1)
  assert.equal(last?.queue, 'drainQueue')
  assert.equal(last.message['token'], leaseTokenOf(flows), 'the message has the token of the lease')
  await flows.pass(last.delaySeconds)
  const { after } = last.message
  return flows.drain({
    token: String(last.message['token']),
    ...(typeof after === 'string' && { after }),
  })
}

test('a drain of a subscription that is not to be seen comes again', async () => {
  const { services, run } = startFlows()
  await assert.rejects(run(drainSubscription(services, message)), /not to be seen/)
})

test('a drain without the lease, or of a deleted subscription, does nothing', async () => {
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

test('a second copy of its message finds nothing to do', async () => {
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

test('a backlog is delivered, oldest first, then is closing, then closed', async () => {
  const flows = startDrain({ ...draining, failingSince: since })
  const ids = flows.deliveries(30)
  assert.equal(await flows.drain(), 'closing')
  assert.deepEqual(
    flows.requests.map(({ event }) => event),
    ids,
  )
  assert.equal(flows.open.most, 24, 'as many at once as a quick subscriber takes')
  for (const id of ids) assert.equal(flows.delivery(id)?.state, 'delivered')
  const circuit = circuitOf(flows)
  assert.ok(circuit?.state === 'closing' && circuit.since >= SECOND && circuit.since <= SECOND + 3)
  assert.equal(circuit.failingSince, undefined)
  const last = flows.sent.at(-1)
  assert.ok(last !== undefined && last.delaySeconds > 35 && last.delaySeconds <= 40)
  assert.equal(last.message['consumer'], '/org/ttd')
  assert.equal(last.message['subscription'], 'document-1')
  assert.equal(typeof last.message['session'], 'string')
  assert.ok(circuit.lease.until >= SECOND + 40 + 180)
  flows.sent.splice(0, flows.sent.length - 1)
  assert.equal(await next(flows), 'closed')
  assert.equal(circuitOf(flows), undefined)
  assert.equal(flows.sent.length, 1, 'no more is asked for')
})

test('a drain that closes too soon waits for the rest of the time', async () => {
  const flows = startDrain({ state: 'closing', opens: 0, since: SECOND - 39, lease })
  assert.equal(await flows.drain(), 'closing')
  assert.equal(flows.sent[0]?.delaySeconds, 1)
  assert.equal(await next(flows), 'closed')
})

test('what was put into the backlog unseen is found by the last look', async () => {
  const flows = startDrain({ state: 'closing', opens: 2, since: SECOND - 40, lease })
  const ids = flows.deliveries(2)
  assert.equal(await flows.drain(), 'closing')
  assert.deepEqual(
    ids.map((id) => flows.delivery(id)?.state),
    ['delivered', 'delivered'],
  )
  const circuit = circuitOf(flows)
  assert.ok(circuit?.state === 'closing' && circuit.opens === 2)
})

test('after a pause 1 is tried, then 10, then 100, then the rest', async () => {
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
  assert.deepEqual(['1', '10', '100', 'draining'].map(count), [1, 10, 100, 9])
})

test('a probe that fails opens the circuit for longer, and uses no step of the ladder', async () => {
  const flows = startDrain(open)
  const [first = '', second = ''] = flows.deliveries(2)
  flows.endpoint.react = () => ({ status: 503 })
  assert.equal(await flows.drain(), 'open')
  assert.deepEqual(
    flows.requests.map(({ event }) => event),
    [first],
  )
  const circuit = circuitOf(flows)
  assert.ok(circuit?.state === 'open')
  const { opens, failingSince, reason } = circuit
  assert.deepEqual([opens, failingSince, reason], [2, since, 'answered 503'])
  const pause = circuit.lease.until - flows.seconds()
  assert.ok(pause >= 30 && pause <= 31, String(pause))
  assert.equal(flows.recorded.openings, 1)
  const tried = flows.delivery(first)
  assert.deepEqual([tried?.state, tried?.attempt, tried?.attempts.length], ['backlog', 0, 1])
  assert.equal(flows.delivery(second)?.attempts.length, 0)
  assert.deepEqual(
    flows.sent.map(({ queue, delaySeconds }) => [queue, Math.ceil(delaySeconds / 2)]),
    [['drainQueue', Math.ceil(pause / 2)]],
  )
  flows.endpoint.react = () => ({ status: 200 })
  assert.equal(await next(flows), 'closing')
})

test('probes honour the longest Retry-After, and a long pause has no message', async () => {
  const flows = startDrain({ state: 'half-open', opens: 0, probes: 10, lease })
  flows.deliveries(12)
  flows.endpoint.react = (_event, request) => ({
    status: 503,
    retryAfter: request === 3 ? '7200' : '5',
  })
  assert.equal(await flows.drain(), 'open')
  assert.equal(flows.requests.length, 10)
  const circuit = circuitOf(flows)
  assert.ok(circuit?.state === 'open')
  assert.ok(Math.abs(circuit.lease.until - flows.seconds() - 7200) <= 1)
  assert.deepEqual(flows.sent, [])
})

test('of ten probes one that is delivered lets the next out, and the others go on by themselves', async () => {
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
})

test('five failures in a row open a circuit that is drained, four do not', async () => {
  const flows = startDrain(draining)
  const ids = flows.deliveries(10)
  flows.endpoint.react = (event) => ({
    status: ids.indexOf(event) % 5 < 4 ? 500 : 200,
    ms: 20 + ids.indexOf(event),
  })
  assert.equal(await flows.drain(), 'closing')
  assert.deepEqual(
    ids.map((id) => flows.delivery(id)?.state === 'delivered').filter(Boolean).length,
    2,
  )
  const worse = startDrain(draining)
  const others = worse.deliveries(40)
  worse.endpoint.react = (event) => ({ status: 500, ms: 20 + others.indexOf(event) })
  assert.equal(await worse.drain(), 'open')
  assert.ok(
    worse.requests.length >= 24 && worse.requests.length < 30,
    `${worse.requests.length} were sent`,
  )
  for (const id of others) assert.equal(worse.delivery(id)?.state, 'backlog')
})

test('410 disables the subscription, and ends what waits for it, page by page, with the reason', async () => {
  const flows = startDrain(draining)
  const [first = '', ...others] = flows.deliveries(130)
  const waiting = flows.deliveries(1, { state: 'waiting', due: SECOND + 1000 }, 5)
  flows.endpoint.react = () => ({ status: 410, ms: 5 })
  assert.equal(await flows.drain(), 'disabled')
  assert.ok(flows.requests.length <= 24, 'no more are begun')
  assert.deepEqual([flows.delivery(first)?.state, flows.delivery(first)?.reason], ['dead', '410'])
  for (const id of [...others.slice(24), ...waiting]) {
    const { state, reason, deadAt } = flows.delivery(id) ?? {}
    assert.deepEqual([state, reason], ['dead', 'the subscription is disabled: 410'])
    assert.ok(deadAt !== undefined && deadAt >= SECOND)
  }
  const last = flows.sent.at(-1)
  assert.ok(last !== undefined && last.delaySeconds > 30 && last.delaySeconds <= 40)
  assert.equal(await next(flows), 'disabled')
  assert.equal(leaseTokenOf(flows), undefined)
  const circuit = circuitOf(flows)
  assert.ok(circuit?.state === 'disabled' && circuit.reason === '410')
})

test('a disabled subscription that is enabled while its page is read loses nothing', async () => {
  const flows = startDrain({ state: 'disabled', reason: '410', since, lease })
  const [id = ''] = flows.deliveries(1)
  const drained = drainSubscription(flows.services, message)
  const enable = () => {
    const found = flows.subscription()
    if (!isSubscription(found)) return
    const { circuit: _circuit, ...enabled } = found
    flows.containers.subscriptions.replace('/org/ttd/document-1', found._etag, () => enabled)
  }
  const page = 'page of 1 backlog'
  const watch = () => (flows.calls.includes(page) ? enable() : flows.at(0, watch))
  for (let ms = 1; ms < 100; ms++)
    flows.at(ms / 1000, () => {
      if (flows.calls.at(-1) === page) enable()
    })
  void watch
  assert.equal(await flows.run(drained), 'closed')
  assert.equal(flows.delivery(id)?.state, 'backlog')
})

test('an event that is not to be seen waits by itself; one that is gone is dead; neither holds the others', async () => {
  const flows = startDrain(open)
  const [old = ''] = flows.deliveries(1, {}, 3700)
  const [young = '', ...others] = flows.deliveries(3)
  flows.eraseEvent(old)
  flows.eraseEvent(young)
  assert.equal(await flows.drain(), 'closing')
  const { state, reason } = flows.delivery(old) ?? {}
  assert.deepEqual([state, reason], ['dead', 'the event is gone'])
  const left = flows.delivery(young)
  assert.equal(left?.state, 'waiting')
  assert.ok(Math.abs((left.due ?? 0) - SECOND - 60) <= 2)
  assert.deepEqual(
    flows.requests.map(({ event }) => event),
    others,
  )
})

test('a drain works for a minute, then hands on where it was, and no instance is held for long', async () => {
  const flows = startDrain(draining)
  const ids = flows.deliveries(100)
  flows.endpoint.react = () => ({ status: 200, ms: 3000 })
  assert.equal(await flows.drain(), 'draining')
  const sent = flows.requests.length
  assert.ok(
    sent >= 24 + 4 * 15 && sent <= 24 + 4 * 21,
    `${sent} in a minute, 4 at once when it was slow`,
  )
  assert.ok(flows.seconds() - SECOND >= 60 && flows.seconds() - SECOND <= 64)
  const last = flows.sent.at(-1)
  assert.deepEqual([last?.delaySeconds, last?.message['after']], [0, ids[sent - 1]])
  flows.endpoint.react = () => ({ status: 200 })
  assert.equal(await next(flows), 'closing')
  assert.deepEqual(
    flows.requests.map(({ event }) => event),
    ids,
  )
})

test('trouble with the store has the drain go on 10 s later, under a new lease', async () => {
  const flows = startDrain(draining)
  const [id = ''] = flows.deliveries(1)
  flows.endpoint.react = () => {
    flows.rates.set('store-refuses', 1)
    flows.at(0.2, () => flows.rates.clear())
    return { status: 200 }
  }
  flows.services.deliveries.save = () => Promise.reject(new Error('no store'))
  await assert.rejects(flows.drain(), /no store/)
  assert.equal(flows.sent.at(-1)?.delaySeconds, 10)
  assert.equal(flows.sent.at(-1)?.message['token'], leaseTokenOf(flows))
  assert.equal(flows.delivery(id)?.state, 'backlog')
  assert.equal(flows.sent.at(-1)?.message['after'], undefined)
})

test('a drain that has lost its lease stops', async () => {
  const flows = startDrain(draining)
  flows.deliveries(200)
  flows.endpoint.react = (_event, request) => {
    const found = flows.subscription()
    if (request === 50 && isSubscription(found))
      flows.containers.subscriptions.replace('/org/ttd/document-1', found._etag, (current) => ({
        ...current,
        circuit: { ...draining, lease: { ...lease, token: 'other' } },
      }))
    return { status: 200 }
  }
  await flows.drain()
  assert.equal(leaseTokenOf(flows), 'other')
  assert.deepEqual(flows.sent, [])
})
