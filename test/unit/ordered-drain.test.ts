import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Stored } from '../../shared/azure/documents.ts'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { orderIdOf, withBegun } from '../../shared/deliveries/order-store.ts'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { eventKey } from '../simulation/event-store.ts'
import { circuitOf, draining, lease } from './circuit-fixture.ts'
import { next, open, startDrain } from './drain-fixture.ts'
import { deliveryOf, eventOf, idOf, SECOND, timeOfSecond } from './flow-fixture.ts'
import { RESOURCE } from './subscription-fixture.ts'

/** The drain of an ordered subscription, with its backlog. */
function startOrdered(circuit: Circuit = draining) {
  const flows = startDrain(circuit)
  flows.change((stored) => ({ ...stored, ordered: true }))
  const publish = (id: string, party: number, given = {}) => {
    const event = eventOf(id, { subject: `/party/${party}`, ...given })
    flows.containers.events.insert(eventKey(event), event)
  }
  const add = (id: string, party: number, given: Partial<DeliveryDocument> = {}) => {
    publish(id, party)
    const delivery = deliveryOf(id, { subject: `/party/${party}`, ...given })
    flows.containers.deliveries.insert(`1/${id}`, delivery)
    return id
  }
  /** Puts deliveries of a subject into the backlog; they ascend with `from`. */
  const addMany = (count: number, party: number, from = 1) =>
    Array.from({ length: count }, (_, place) => add(idOf(from + place), party))
  const order = (party = 1) => {
    const id = orderIdOf({ resource: RESOURCE, subject: `/party/${party}` })
    return flows.containers.orders.find(`1/${id}`)
  }
  const numbered = () => flows.requests.map(({ event, sequence }) => [event, sequence])
  return { ...flows, add, publish, addMany, order, numbered }
}

test('sends the events of a subject one after another, in order, and those of others beside', async () => {
  const flows = startOrdered()
  flows.endpoint.react = () => ({ status: 200, ms: 100 })
  const ids = flows.addMany(20, 1)
  await flows.drain()
  assert.deepEqual(
    flows.numbered(),
    ids.map((id, place) => [id, String(place + 1)]),
  )
  assert.equal(flows.open.most, 1)
  const others = startOrdered()
  others.endpoint.react = () => ({ status: 200, ms: 100 })
  for (let party = 1; party <= 10; party++) others.addMany(2, party, 2 * party)
  await others.drain()
  assert.ok(others.open.most > 4, `${others.open.most} at once`)
  assert.deepEqual(new Set(others.requests.map(({ sequence }) => sequence)), new Set(['1', '2']))
})

test('an event has its number in its record before it is sent, and the same one in a later run', async () => {
  const flows = startOrdered()
  const [first = '', second = ''] = flows.addMany(2, 1)
  const stored: unknown[] = []
  flows.endpoint.react = (event) => {
    stored.push(flows.delivery(event)?.sequence)
    return { status: 200 }
  }
  await flows.drain()
  assert.deepEqual(stored, [1, 2])
  const record = flows.delivery(first)
  assert.ok(record)
  flows.containers.deliveries.replace(`1/${first}`, record._etag, (current) => ({
    ...current,
    state: 'backlog',
    run: 1,
  }))
  await next(flows)
  assert.deepEqual(flows.numbered().at(-1), [first, '1'])
  assert.deepEqual([flows.order()?.event, flows.order()?.sequence], [second, 2])
})

/** Has the replicas show, for half a minute, only these deliveries as they were. */
function showOld(flows: ReturnType<typeof startOrdered>, old: Stored<DeliveryDocument>[]): void {
  const { page } = flows.services.deliveries
  const until = flows.seconds() + 30
  flows.services.deliveries.page = (number, state, after, count) =>
    flows.seconds() < until
      ? Promise.resolve(old.filter(({ id }) => id > after))
      : page(number, state, after, count)
}

test('what a lagging replica shows as it was when it was sent is not sent again', async () => {
  const flows = startOrdered()
  const old: Stored<DeliveryDocument>[] = []
  flows.addMany(1, 1)
  flows.endpoint.react = (event) => {
    old.push(...[flows.delivery(event) ?? []].flat())
    return { status: 200 }
  }
  await flows.drain()
  showOld(flows, old)
  for (let looks = 0; looks < 20 && circuitOf(flows) !== undefined; looks++) await next(flows)
  assert.deepEqual([old.length, flows.requests.length], [1, 1])
})

for (const count of [1, 3])
  test(`what a lagging replica still shows is neither sent nor numbered again: ${count} of a subject`, async () => {
    const flows = startOrdered()
    const before = flows.addMany(count, 1).flatMap((id) => flows.delivery(id) ?? [])
    await flows.drain()
    showOld(flows, before)
    for (let looks = 0; looks < 20 && circuitOf(flows) !== undefined; looks++) await next(flows)
    assert.equal(circuitOf(flows), undefined, 'it closes once the replica shows the truth')
    assert.equal(flows.requests.length, count)
    assert.equal(flows.order()?.sequence, count)
  })

test('what stands behind a retry is looked at every ten minutes, and sent when that is over', async () => {
  const flows = startOrdered()
  const [head = '', ...others] = flows.addMany(3, 1)
  flows.endpoint.react = () => ({ status: 500 })
  assert.equal(await flows.drain(), 'closing')
  assert.equal(flows.delivery(head)?.state, 'waiting')
  const other = flows.add(idOf(50), 2)
  flows.endpoint.react = () => ({ status: 200 })
  for (let looks = 0; looks < 5; looks++) {
    const circuit = circuitOf(flows)
    if (circuit?.state !== 'closing' || circuit.looks < 3) await next(flows)
  }
  const circuit = circuitOf(flows)
  assert.ok(circuit?.state === 'closing')
  assert.ok(circuit.lease.until - flows.seconds() >= 600)
  assert.deepEqual(flows.numbered().slice(1), [[other, '1']])
  const record = flows.delivery(head)
  assert.ok(record)
  const { due: _due, ...rest } = record
  flows.containers.deliveries.replace(`1/${head}`, record._etag, () => ({ ...rest, state: 'dead' }))
  await flows.drain({ token: circuit.lease.token }) // as the sweep would
  assert.deepEqual(
    flows.numbered().slice(2),
    others.map((id, place) => [id, String(place + 2)]),
  )
})

test('waits for an earlier event without a record until its fan-out is a minute old', async () => {
  const flows = startOrdered()
  flows.publish(idOf(1), 1, { fanOut: { count: 0, at: timeOfSecond(SECOND) } })
  const [id = ''] = flows.addMany(1, 1, 2)
  assert.equal(await flows.drain(), 'draining')
  while (flows.requests.length === 0 && flows.seconds() < SECOND + 200) await next(flows)
  assert.deepEqual(flows.numbered(), [[id, '1']])
  assert.ok(flows.seconds() - SECOND >= 60)
})

test('does not wait for events that the subscription does not get', async () => {
  const flows = startOrdered()
  flows.change(({ filters, ...stored }) => ({ ...stored, filters: { ...filters, type: 'wanted' } }))
  flows.publish(idOf(1), 1) // of another type
  flows.publish(idOf(2), 2) // of another subject
  const repeat = eventOf(idOf(3))
  flows.publish(idOf(3), 1, { event: { ...repeat.event, type: 'wanted' }, duplicateOf: idOf(1) })
  const [id = ''] = flows.addMany(1, 1, 4)
  await flows.drain()
  assert.deepEqual(flows.numbered(), [[id, '1']])
})

test('what is stored while an event waits for the rate limit comes before those published after it', async () => {
  const flows = startOrdered()
  flows.change((stored) => ({ ...stored, maxPerSecond: 1 }))
  for (let party = 2; party <= 17; party++) flows.add(idOf(party, 20), party, { sequence: 1 })
  const second = flows.add(idOf(2, 17), 1)
  const [first, third] = [idOf(1, 17), idOf(1, -3)]
  flows.at(2, () => flows.publish(first, 1)) // begun before the second, stored after it
  flows.at(4, () => void flows.add(third, 1)) // published when that was acknowledged
  await flows.drain()
  await next(flows)
  const sent = () => flows.requests.map(({ event }) => event)
  assert.ok(sent().includes(second))
  assert.ok(!sent().includes(third), 'the first one is not fanned out yet')
  flows.containers.deliveries.insert(`1/${first}`, deliveryOf(first))
  for (let looks = 0; looks < 10 && !sent().includes(third); looks++) await next(flows)
  assert.deepEqual(sent().slice(-3), [second, first, third])
})

test('probes are the first events of different subjects', async () => {
  const flows = startOrdered(open)
  flows.addMany(5, 1)
  const firsts = [idOf(1), ...[2, 3, 4].map((party) => flows.add(idOf(party * 10), party))]
  flows.endpoint.react = () => ({ status: 503 })
  await flows.drain()
  assert.deepEqual(
    flows.requests.map(({ event }) => event),
    firsts.slice(0, 3),
  )
  assert.equal(circuitOf(flows)?.state, 'open')
})

test('an event that comes late waits for the one that has begun, and neither stands still', async () => {
  const flows = startOrdered()
  const [first = ''] = flows.addMany(1, 1, 5)
  flows.endpoint.react = () => ({ status: 500 })
  await flows.drain()
  const late = flows.add(idOf(1), 1)
  const record = flows.delivery(first)
  assert.ok(record)
  const { due: _due, ...rest } = record
  flows.containers.deliveries.replace(`1/${first}`, record._etag, () => ({
    ...rest,
    state: 'backlog',
  }))
  flows.endpoint.react = () => ({ status: 200 })
  await next(flows)
  await next(flows)
  assert.deepEqual(flows.numbered(), [
    [first, '1'],
    [first, '1'],
    [late, '2'],
  ])
})

test('what joins the backlog before the place of its drain is sent by it', async () => {
  const flows = startOrdered()
  const [first = ''] = flows.addMany(1, 1, 5)
  flows.endpoint.react = () => ({ status: 200, ms: 200 })
  flows.at(0.1, () => void flows.add(idOf(1), 2))
  assert.equal(await flows.drain(), 'closing')
  assert.deepEqual(
    flows.requests.map(({ event }) => event),
    [first, idOf(1)],
  )
})

test('a subject that stands still does not keep a subscriber from the others, whatever waits in it', async () => {
  const flows = startOrdered()
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

/** Has each read of a delivery take so long. */
function slowReads({ services }: ReturnType<typeof startOrdered>, ms: number): void {
  const { find } = services.deliveries
  services.deliveries.find = async (...key) => {
    await services.clock.timeout(ms).ended
    return find(...key)
  }
}

const closing: Circuit = { state: 'closing', opens: 0, looks: 0, lease }

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
  assert.ok(circuit?.state === 'closing' && circuit.looks === 1)
  for (let looks = 0; looks < 2; looks++) await next(flows)
  assert.equal(circuitOf(flows)?.state, 'closing', 'what was not looked at keeps its waker')
})

test('what stands behind more than a drain can look at has its turn', async () => {
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

test('is disabled after five days of failures, though only a few subjects are tried', async () => {
  const days = 5 * 86_400
  const flows = startOrdered({ ...draining, failingSince: timeOfSecond(SECOND - days - 1) })
  const ids = flows.addMany(2, 1)
  flows.endpoint.react = () => ({ status: 500 })
  await flows.drain()
  assert.equal(circuitOf(flows)?.state, 'disabled')
  for (let looks = 0; looks < 2; looks++) await next(flows)
  assert.ok(ids.every((id) => flows.delivery(id)?.state === 'dead'))
  const fresh = startOrdered()
  fresh.addMany(1, 1)
  fresh.endpoint.react = () => ({ status: 500 })
  await fresh.drain()
  const circuit = circuitOf(fresh)
  assert.ok(circuit?.state === 'closing' && circuit.failingSince !== undefined)
})

test('a subscription without order has nothing to do with it', async () => {
  const flows = startDrain(draining)
  flows.deliveries(3)
  await flows.drain()
  assert.deepEqual(
    flows.calls.filter((call) => call.includes('order:') || call.startsWith('events before')),
    [],
  )
  assert.ok(flows.requests.every(({ sequence }) => sequence === undefined))
})

test('the progress of a subject forgets what nothing can be stored before any more', () => {
  const none = { sequence: 0, event: '', floor: '', begun: [] }
  const first = withBegun(none, 'c', 'a')
  assert.deepEqual(first, { sequence: 1, event: 'c', floor: 'a', begun: ['c'] })
  const second = withBegun(first, 'b', 'a')
  assert.deepEqual(second, { sequence: 2, event: 'b', floor: 'a', begun: ['c', 'b'] })
  const third = withBegun(second, 'e', 'd')
  assert.deepEqual(third, { sequence: 3, event: 'e', floor: 'd', begun: ['e'] })
  assert.deepEqual(withBegun(third, 'f', 'x').floor, 'f')
  assert.deepEqual(withBegun(third, 'b', 'x').floor, 'd')
})
