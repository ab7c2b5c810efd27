import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redeliver } from '../../shared/flows/redeliver.ts'
import { retryDelivery } from '../../shared/flows/retry-delivery.ts'
import { startDrain as requestDrain } from '../../shared/flows/update-circuit.ts'
import { leaseOf } from '../../shared/subscriptions/circuit-breaker.ts'
import { circuitOf, draining, lease, since } from './circuit-fixture.ts'
import { eventMessage, SECOND } from './flow-fixture.ts'
import { leaseTokenOf, next, open, sentOf, startDrain } from './drain-fixture.ts'
import { tombstone } from './subscription-fixture.ts'

test('a 410 disables the subscription, and ends its open deliveries page by page with the reason', async () => {
  const flows = startDrain(draining)
  const backlog = flows.deliveries(130)
  const waiting = flows.deliveries(1, { state: 'waiting', due: SECOND + 1000 }, 5)
  flows.endpoint.react = () => ({ status: 410, ms: 5 })
  assert.equal(await flows.drain(), 'disabled')
  assert.ok(flows.requests.length <= 24, 'no more are begun')
  const sent = new Set(sentOf(flows))
  assert.ok(sent.size > 0)
  for (const id of [...backlog, ...waiting]) {
    const { state, reason, deadAt } = flows.delivery(id) ?? {}
    const expected = sent.has(id) ? '410' : 'the subscription is disabled: 410'
    assert.deepEqual([state, reason], ['dead', expected])
    assert.ok(deadAt !== undefined && deadAt >= SECOND)
  }
  const last = flows.sent.at(-1)
  assert.equal(last?.delaySeconds, 20)
  for (let checks = 0; checks < 2; checks++) assert.equal(await next(flows), 'disabled')
  assert.equal(leaseTokenOf(flows), undefined)
  const circuit = circuitOf(flows)
  assert.ok(circuit?.state === 'disabled' && circuit.reason === '410')
})

test('ends the deliveries of a disabled subscription, and checks twice more', async () => {
  const flows = startDrain({ state: 'disabled', reason: '410', since, lease })
  const [id = ''] = flows.deliveries(1)
  assert.equal(await flows.drain(), 'disabled')
  assert.equal(flows.delivery(id)?.state, 'dead')
  assert.deepEqual(
    flows.sent.map(({ delaySeconds }) => delaySeconds),
    [20],
    'a replica may still show what was just ended',
  )
  assert.equal(await next(flows), 'disabled')
  assert.equal(flows.sent.at(-1)?.delaySeconds, 60)
  assert.equal(await next(flows), 'disabled')
  assert.deepEqual([leaseTokenOf(flows), flows.sent.length], [undefined, 2])
})

test('a disabled subscription keeps its drain for a minute after a check that found nothing: late writers may add deliveries', async () => {
  const flows = startDrain({ state: 'disabled', reason: '410', since, lease }) // disabled long ago, or decided long before it was written
  assert.equal(await flows.drain(), 'disabled')
  assert.equal(flows.sent.at(-1)?.delaySeconds, 60)
  const spare = (leaseOf(circuitOf(flows))?.until ?? 0) - flows.seconds() - 60
  assert.ok(spare >= 29 && spare <= 31, '30 s for the message to come')
  const [late = ''] = flows.deliveries(1)
  assert.equal(await next(flows), 'disabled')
  assert.equal(flows.delivery(late)?.state, 'dead')
  assert.notEqual(leaseTokenOf(flows), undefined)
})

test('a delivery that is retried while the deliveries of its disabled subscription are ended is ended, or has a drain', async () => {
  const flows = startDrain({ state: 'disabled', reason: '410', since })
  const [id = ''] = flows.deliveries(1, { state: 'dead', reason: 'x', deadAt: 1 }, 900)
  const found = flows.delivery(id)
  assert.ok(found)
  await flows.run(redeliver(flows.services, found))
  await flows.run(
    retryDelivery(
      flows.services,
      { ...eventMessage(id), subscription: '1', run: 1, attempt: 0 },
      'x',
    ),
  )
  const { page } = flows.services.deliveries
  flows.services.deliveries.page = () => Promise.resolve([]) // a lagging replica shows the record dead, as it was
  await flows.drain({ token: leaseTokenOf(flows) ?? '' })
  flows.services.deliveries.page = page
  assert.equal(flows.delivery(id)?.state, 'backlog')
  assert.equal(await next(flows), 'disabled')
  assert.equal(flows.delivery(id)?.state, 'dead')
})

test('handles once what a lagging replica still shows', async () => {
  const flows = startDrain({ state: 'disabled', reason: '410', since, lease })
  const ids = flows.deliveries(2)
  const shown = ids.flatMap((id) => flows.delivery(id) ?? [])
  flows.services.deliveries.page = (_number, state, after) =>
    Promise.resolve(state === 'backlog' ? shown.filter(({ id }) => id > after) : [])
  assert.equal(await flows.drain(), 'disabled')
  assert.deepEqual(
    ids.map((id) => flows.delivery(id)?.state),
    ['dead', 'dead'],
  )
  assert.ok(flows.seconds() - SECOND < 5, 'it does not go round')
})

test('what is left of a disabled subscription when the time of its drain is over is ended by the next, at once', async () => {
  const flows = startDrain({ state: 'disabled', reason: '410', since, lease })
  const ids = flows.deliveries(300)
  const { page } = flows.services.deliveries
  flows.services.deliveries.page = async (...of) => {
    await flows.services.clock.timeout(9000).ended
    return page(...of)
  }
  assert.equal(await flows.drain(), 'disabled')
  assert.equal(flows.delivery(ids[299] ?? '')?.state, 'backlog')
  assert.equal(flows.sent.at(-1)?.delaySeconds, 0)
  await next(flows)
  for (const id of ids) assert.equal(flows.delivery(id)?.state, 'dead')
})

test('a disabled subscription that is enabled during a page loses nothing', async () => {
  const flows = startDrain({ state: 'disabled', reason: '410', since, lease })
  const [id = ''] = flows.deliveries(1)
  const { page } = flows.services.deliveries
  flows.services.deliveries.page = async (...of) => {
    const found = await page(...of)
    flows.change(({ circuit: _circuit, ...enabled }) => enabled)
    return found
  }
  await flows.drain()
  assert.equal(flows.delivery(id)?.state, 'backlog')
  assert.deepEqual(flows.sent, [])
})

test('a delivery whose event is not visible waits by itself, and dies if the event is gone; neither blocks others', async () => {
  const flows = startDrain(open)
  const [old = ''] = flows.deliveries(1, { missingSince: SECOND - 3605 }, 3700)
  const [young = '', ...others] = flows.deliveries(3)
  flows.eraseEvent(old)
  flows.eraseEvent(young)
  assert.equal(await flows.drain(), 'closing')
  const { state, reason } = flows.delivery(old) ?? {}
  assert.deepEqual([state, reason], ['dead', 'the event is gone'])
  const left = flows.delivery(young)
  assert.equal(left?.state, 'waiting')
  assert.ok(Math.abs((left.due ?? 0) - SECOND - 30) <= 2)
  assert.deepEqual(sentOf(flows), others)
})

test('works for 20 s, then hands over where it was', async () => {
  const flows = startDrain(draining)
  const ids = flows.deliveries(100)
  const openWhenSlow: number[] = []
  flows.endpoint.react = (_event, request) => {
    if (request >= 24 + 4) openWhenSlow.push(flows.open.now + 1)
    return { status: 200, ms: 3000 }
  }
  assert.equal(await flows.drain(), 'draining')
  assert.equal(Math.max(...openWhenSlow), 4)
  const sent = flows.requests.length
  assert.ok(sent >= 24 + 4 * 4 && sent <= 24 + 4 * 8, `${sent} in 20 s, 4 at once when it was slow`)
  assert.ok(flows.seconds() - SECOND >= 20 && flows.seconds() - SECOND <= 24)
  const last = flows.sent.at(-1)
  assert.deepEqual([last?.delaySeconds, last?.message['after']], [0, ids[sent - 1]])
  flows.endpoint.react = () => ({ status: 200 })
  assert.equal(await next(flows), 'closing')
  assert.deepEqual(sentOf(flows), ids)
})

test('continues 10 s after an error of the store, under a new lease', async () => {
  const flows = startDrain(draining)
  const [id = ''] = flows.deliveries(1)
  const cause = new Error('no store')
  flows.services.deliveries.save = () => Promise.reject(cause)
  await assert.rejects(flows.drain(), { message: 'Error: no store', cause })
  assert.equal(flows.sent.at(-1)?.delaySeconds, 10)
  assert.equal(flows.sent.at(-1)?.message['token'], leaseTokenOf(flows))
  assert.equal(flows.delivery(id)?.state, 'backlog')
  assert.equal(flows.sent.at(-1)?.message['after'], undefined)
})

test('stops after it lost its lease', async () => {
  const flows = startDrain(draining)
  flows.deliveries(200)
  flows.endpoint.react = (_event, request) => {
    if (request === 50)
      flows.change((current) => ({
        ...current,
        circuit: { ...draining, lease: { ...lease, token: 'other' } },
      }))
    return { status: 200 }
  }
  await flows.drain()
  assert.equal(leaseTokenOf(flows), 'other')
  assert.deepEqual(flows.sent, [])
})

for (const happens of ['deleted', 'taken over'] as const)
  for (const opens of [0, 1])
    // after which a delivery writes the circuit
    test(`stops when the index shows that its subscription is ${happens}, after ${opens} openings`, async () => {
      const flows = startDrain({ ...draining, opens })
      flows.deliveries(150)
      flows.endpoint.react = (_event, request) => {
        if (request !== 30) return { status: 200, ms: 1200 }
        if (happens === 'taken over')
          flows.change((current) => ({
            ...current,
            circuit: { ...draining, lease: { ...lease, token: 'other' } },
          }))
        else {
          flows.containers.subscriptions.remove('/org/ttd/document-1')
          flows.store(tombstone(1))
        }
        return { status: 500, ms: 1200 }
      }
      await flows.drain()
      assert.equal(flows.requests.length, 100, 'the page that was begun')
      assert.deepEqual(
        flows.sent.filter(({ queue }) => queue === 'drainQueue'),
        [],
      )
    })

test('goes on though the index still shows its lease as it was, of the same second', async () => {
  const flows = startDrain(draining)
  const ids = flows.deliveries(3)
  await flows.run(flows.services.index.current())
  assert.equal(await flows.drain(), 'closing')
  assert.deepEqual(sentOf(flows), ids)
})

test('retries that meet a disabled circuit do not interrupt the end of its deliveries', async () => {
  const flows = startDrain({ state: 'disabled', reason: '410', since, lease })
  const ids = flows.deliveries(250)
  const { page } = flows.services.deliveries
  const subscriber = { consumer: '/org/ttd', id: 'document-1', number: 1 }
  flows.services.deliveries.page = async (...range) => {
    const found = await page(...range)
    await requestDrain(flows.services, subscriber)
    return found
  }
  await flows.drain()
  assert.ok(ids.every((id) => flows.delivery(id)?.state === 'dead'))
})
