import assert from 'node:assert/strict'
import { test } from 'node:test'
import { circuitOf, draining } from './circuit-fixture.ts'
import { leaseTokenOf, open, startDrain } from './drain-fixture.ts'
import { SECOND, timeOfSecond } from './flow-fixture.ts'
import { createRandom } from '../simulation/random.ts'

/** Drains until the circuit is not open, at most so often. Returns how long it was open each time, in seconds. */
async function drainWhileOpen(flows: ReturnType<typeof startDrain>, max: number) {
  const seconds: number[] = []
  for (let drains = 0; drains < max; drains++) {
    await flows.drain({ token: leaseTokenOf(flows) ?? '' })
    const circuit = circuitOf(flows)
    if (circuit?.state !== 'open') break
    const openSeconds = circuit.lease.until - flows.seconds()
    seconds.push(openSeconds)
    await flows.pass(openSeconds)
  }
  return seconds
}

test('an endpoint that refuses more than half of its events has its circuit open for short times only', async () => {
  const flows = startDrain(open)
  const random = createRandom(1)
  const refused = new Set(flows.deliveries(3000).filter(() => random.chance(0.6)))
  flows.endpoint.react = (event) => ({ status: refused.has(event) ? 400 : 200 })
  const seconds = await drainWhileOpen(flows, 12)
  assert.ok(seconds.length > 1)
  assert.ok(Math.max(...seconds) <= 31, seconds.join())
})

test('a page with 95 deliveries does not disable, though its last five fail', async () => {
  const flows = startDrain({ ...draining, failingSince: timeOfSecond(SECOND - 6 * 86_400) })
  const ids = flows.deliveries(100)
  flows.endpoint.react = (event) => ({ status: ids.indexOf(event) >= 95 ? 500 : 200, ms: 20 })
  await flows.drain()
  const circuit = circuitOf(flows)
  assert.ok(circuit?.state === 'open' && circuit.failingSince >= timeOfSecond(SECOND))
  assert.equal(circuit.after, ids[99], 'the next probes are those behind them')
})

test('five events that fail by themselves, oldest in the backlog, hold up an endpoint that is well for less than a minute', async () => {
  const flows = startDrain(open)
  const ids = flows.deliveries(60)
  flows.endpoint.react = (event) => ({ status: ids.indexOf(event) < 5 ? 400 : 200 })
  const seconds = await drainWhileOpen(flows, 3)
  assert.deepEqual(seconds.length, 1)
  assert.ok(seconds.every((each) => each <= 31))
  assert.equal(flows.delivery(ids[5] ?? '')?.state, 'delivered')
})

for (const refused of [9, 12, 40])
  test(`${refused} events that an endpoint always refuses, the oldest, hold up no others`, async () => {
    const flows = startDrain(open)
    const ids = flows.deliveries(200)
    const bad = new Set(ids.slice(0, refused))
    flows.endpoint.react = (event) => ({ status: bad.has(event) ? 500 : 200 })
    await drainWhileOpen(flows, 20)
    const arrived = ids.filter((id) => flows.delivery(id)?.state === 'delivered')
    assert.equal(arrived.length, ids.length - refused)
  })

test('a drain that cannot store one failure opens the circuit all the same', async () => {
  const flows = startDrain(open)
  const [first = ''] = flows.deliveries(5)
  flows.endpoint.react = () => ({ status: 503 })
  const { save } = flows.services.deliveries
  flows.services.deliveries.save = (delivery) =>
    delivery.id === first ? Promise.reject(new Error('no store')) : save(delivery)
  await assert.rejects(flows.drain(), /no store/)
  assert.equal(circuitOf(flows)?.state, 'open')
})

test('a single failed probe opens the circuit again, and uses no step of its schedule', async () => {
  const flows = startDrain(open)
  const [id = ''] = flows.deliveries(1)
  flows.endpoint.react = () => ({ status: 503 })
  assert.equal(await flows.drain(), 'open')
  assert.deepEqual([flows.delivery(id)?.state, flows.delivery(id)?.attempt], ['backlog', 0])
})
