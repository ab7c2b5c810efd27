import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orderIdOf } from '../../shared/deliveries/order-store.ts'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { circuitOf, draining, lease } from './circuit-fixture.ts'
import { leaseTokenOf, next, open } from './drain-fixture.ts'
import { idOf, SECOND, timeOfSecond } from './flow-fixture.ts'
import { slowReads, startOrdered } from './ordered-fixture.ts'
import { RESOURCE } from './subscription-fixture.ts'

test('what stands behind a retry is checked after ten minutes, later once an hour, and sent when that is over', async () => {
  const flows = startOrdered()
  const [head = '', ...others] = flows.addMany(3, 1)
  flows.endpoint.react = () => ({ status: 500 })
  assert.equal(await flows.drain(), 'closing')
  assert.equal(flows.delivery(head)?.state, 'waiting')
  const other = flows.add(idOf(50), 2)
  flows.endpoint.react = () => ({ status: 200 })
  for (let checks = 0; checks < 5; checks++) {
    const circuit = circuitOf(flows)
    if (circuit?.state !== 'closing' || circuit.checks < 3) await next(flows)
  }
  const check = () => flows.drain({ token: leaseTokenOf(flows) ?? '' }) // as the sweep has it done
  for (const expected of [600, 1200, 2400, 3600, 3600]) {
    const wait = (leaseUntil(flows) ?? 0) - flows.seconds() - 30 // for a message, which this long a wait has not
    assert.ok(Math.abs(wait - expected) <= 1, `${wait} s`)
    assert.equal(await check(), 'closing')
  }
  assert.deepEqual(flows.numbered().slice(1), [[other, '1']])
  const record = flows.delivery(head)
  assert.ok(record)
  const { due: _due, ...rest } = record
  flows.containers.deliveries.replace(`1/${head}`, record._etag, () => ({ ...rest, state: 'dead' }))
  await check()
  assert.deepEqual(
    flows.numbered().slice(2),
    others.map((id, place) => [id, String(place + 2)]),
  )
})

function leaseUntil(flows: ReturnType<typeof startOrdered>): number | undefined {
  const circuit = circuitOf(flows)
  return circuit?.state === 'closing' ? circuit.lease.until : undefined
}

test('waits for an earlier event without a record until its fan-out is a minute old', async () => {
  const flows = startOrdered()
  flows.publish(idOf(1), 1, { fanOut: { count: 0, at: timeOfSecond(SECOND) } })
  const [id = ''] = flows.addMany(1, 1, 2)
  assert.equal(await flows.drain(), 'draining')
  while (flows.requests.length === 0 && flows.seconds() < SECOND + 200) await next(flows)
  assert.deepEqual(flows.numbered(), [[id, '1']])
  assert.ok(flows.seconds() - SECOND >= 60)
})

test('what is not to be seen is checked for less and less often, at least once a minute, and again soon after an attempt', async () => {
  const flows = startOrdered()
  flows.publish(idOf(1), 1) // not fanned out
  flows.addMany(1, 1, 2)
  const waits = async (checks: number) => {
    for (let check = 0; check < checks; check++) await next(flows)
    return flows.sent.slice(-checks).map(({ delaySeconds }) => delaySeconds)
  }
  await flows.drain()
  assert.deepEqual(await waits(5), [10, 20, 40, 60, 60])
  flows.add(idOf(50), 2)
  assert.deepEqual(await waits(2), [5, 10])
  assert.equal(flows.requests.length, 1)
})

for (const [age, sent] of [
  [60, 0],
  [61, 1],
] as const)
  test(`sends ${sent} event behind one whose fan-out, ${age} s ago, made no delivery that is seen`, async () => {
    const flows = startOrdered()
    flows.publish(idOf(1, 90), 1, { fanOut: { count: 0, at: timeOfSecond(SECOND - age) } })
    flows.addMany(1, 1, 2)
    await flows.drain()
    assert.equal(flows.requests.length, sent)
  })

for (const circuit of [draining, open])
  test(`a subject that stands still does not keep a subscriber that was ${circuit.state} from the others, whatever waits in it`, async () => {
    const flows = startOrdered(circuit)
    flows.add(idOf(1), 1, { state: 'waiting', due: SECOND + 9000, sequence: 1, attempt: 3 })
    flows.addMany(250, 1, 2)
    const others = [2, 3].map((party) => flows.add(idOf(1000 + party), party))
    assert.equal(await flows.drain(), 'closing')
    assert.deepEqual(
      flows.requests.map(({ event }) => event),
      others,
    )
    const reads = flows.calls.filter((call) => call.startsWith('read 1/'))
    assert.ok(reads.length < 20, `${reads.length} reads`)
  })

const closing: Circuit = { state: 'closing', opens: 0, checks: 0, lease }

test('a check of many subjects that stand still ends before its lease does', async () => {
  const flows = startOrdered(closing)
  for (let party = 1; party <= 300; party++) {
    flows.add(idOf(2 * party), party, { state: 'waiting', due: SECOND + 9000, sequence: 1 })
    flows.add(idOf(2 * party + 1), party)
  }
  slowReads(flows, 300)
  await flows.drain()
  assert.ok(flows.seconds() - SECOND < 55, `${flows.seconds() - SECOND} s`)
  const circuit = circuitOf(flows)
  assert.ok(circuit?.state === 'closing' && circuit.checks === 1)
  for (let checks = 0; checks < 2; checks++) await next(flows)
  assert.equal(circuitOf(flows)?.state, 'closing', 'what was not examined keeps its due time')
})

test('what stands behind more than a drain can examine is attempted', async () => {
  const flows = startOrdered()
  for (let party = 1; party <= 800; party++) {
    flows.add(idOf(2 * party, 20), party, { state: 'waiting', due: SECOND + 9000, sequence: 1 })
    flows.add(idOf(2 * party + 1, 20), party)
  }
  const last = flows.add(idOf(1), 5000)
  slowReads(flows, 1000)
  await flows.drain()
  assert.deepEqual(flows.requests, [])
  for (let drains = 0; drains < 3 && flows.requests.length === 0; drains++) await next(flows)
  assert.deepEqual(flows.numbered(), [[last, '1']])
})

test('what was probed is probed again, also where a drain cannot read all that waits behind it', async () => {
  const flows = startOrdered(open)
  const [head = ''] = flows.addMany(1000, 1)
  flows.change((stored) => ({ ...stored, circuit: { ...open, after: head } }))
  const { page } = flows.services.deliveries
  flows.services.deliveries.page = async (...given) => {
    await flows.services.clock.timeout(3000).ended
    return page(...given)
  }
  await flows.drain()
  for (let drains = 0; drains < 5 && flows.requests.length === 0; drains++) await next(flows)
  assert.deepEqual(flows.numbered()[0], [head, '1'])
})

test('a retry of the last event holds up none that has not been sent', async () => {
  const flows = startOrdered()
  const [first = ''] = flows.addMany(1, 1)
  await flows.drain()
  const record = flows.delivery(first)
  assert.ok(record)
  flows.containers.deliveries.replace(`1/${first}`, record._etag, (current) => ({
    ...current,
    state: 'waiting',
    run: 1,
    due: SECOND + 9000,
  }))
  const second = flows.add(idOf(2), 1)
  await next(flows)
  assert.deepEqual(flows.numbered(), [
    [first, '1'],
    [second, '2'],
  ])
})

test('waits for an event of the very millisecond of the validation: the subscription gets it', async () => {
  const flows = startOrdered()
  flows.change((stored) => ({ ...stored, validated: timeOfSecond(SECOND - 50) }))
  flows.publish(idOf(0, 50), 1)
  flows.addMany(1, 1)
  await flows.drain()
  assert.deepEqual(flows.requests, [], 'the first one is not fanned out yet')
})

test('examines the last hundred earlier events of a subject, however many there are', async () => {
  const flows = startOrdered()
  const fanOut = { count: 0, at: timeOfSecond(SECOND - 90) }
  for (let earlier = 1; earlier <= 150; earlier++) flows.publish(idOf(earlier, 90), 1, { fanOut })
  flows.addMany(1, 1)
  const { before } = flows.services.events
  const sizes: number[] = []
  flows.services.events.before = async (...given) => {
    const found = await before(...given)
    sizes.push(found.length)
    return found
  }
  await flows.drain()
  assert.deepEqual([sizes, flows.requests.length], [[100], 1])
})

test('what stands behind a delivery without the right to it ends in the same drain, though that is on a later page', async () => {
  const flows = startOrdered()
  flows.change((stored) => ({ ...stored, accessBy: 'policy' }))
  flows.services.access.isPermitted = () => Promise.resolve(false)
  const begun = flows.add(idOf(200), 1, { sequence: 1, attempt: 1 })
  const id = orderIdOf({ resource: RESOURCE, subject: '/party/1' })
  const progress = { sequence: 1, event: begun, floor: '', begun: [begun] }
  flows.containers.orders.insert(`1/${id}`, { v: 1, id, subscription: '1', ...progress })
  const late = flows.add(idOf(1), 1)
  for (let party = 2; party <= 101; party++) flows.add(idOf(party), party)
  assert.equal(await flows.drain(), 'closing')
  assert.deepEqual([flows.delivery(begun)?.state, flows.delivery(late)?.state], ['dead', 'dead'])
})

test('what stands behind an event that is gone is sent in the same drain', async () => {
  const flows = startOrdered()
  const gone = flows.add(idOf(1, 3700), 1, { missingSince: SECOND - 3605 })
  const [id = ''] = flows.addMany(1, 1)
  flows.eraseEvent(gone)
  assert.equal(await flows.drain(), 'closing')
  assert.deepEqual([flows.delivery(gone)?.state, flows.numbered()], ['dead', [[id, '1']]])
})
