import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withBegun } from '../../shared/deliveries/order-store.ts'
import { circuitOf, draining, lease } from './circuit-fixture.ts'
import { next, open, startDrain } from './drain-fixture.ts'
import { deliveryOf, eventOf, idOf, SECOND, timeOfSecond } from './flow-fixture.ts'
import { startOrdered } from './ordered-fixture.ts'

test('sends the events of a subject one after another, in order, and those of others beside', async () => {
  const flows = startOrdered()
  flows.endpoint.react = () => ({ status: 200, ms: 100 })
  const ids = flows.addMany(20, 1)
  await flows.drain()
  assert.deepEqual(
    flows.numbered(),
    ids.map((id, place) => [id, String(place + 1)]),
  )
  assert.equal(flows.open.max, 1)
  const pages = flows.calls.filter((call) => call.startsWith('page'))
  assert.ok(pages.length < 10, `${pages.length} reads of the backlog`)
  const others = startOrdered()
  others.endpoint.react = () => ({ status: 200, ms: 100 })
  for (let party = 1; party <= 10; party++) others.addMany(2, party, 2 * party)
  await others.drain()
  assert.ok(others.open.max > 4, `${others.open.max} at once`)
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
  for (let checks = 0; checks < 10 && !sent().includes(third); checks++) await next(flows)
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
  const circuit = circuitOf(flows)
  assert.ok(circuit?.state === 'open')
  assert.equal(circuit.after, firsts[2])
  await next(flows)
  assert.equal(flows.requests[3]?.event, firsts[3], 'the next ones go on behind them')
})

test('begins no more of an ordered backlog after five consecutive failures', async () => {
  const flows = startOrdered()
  for (let party = 1; party <= 40; party++) flows.add(idOf(party), party)
  flows.endpoint.react = (_event, request) => ({ status: 500, ms: 100 * (request + 1) })
  assert.equal(await flows.drain(), 'open')
  assert.equal(flows.requests.length, 24 + 4, 'each of the first four lets another begin')
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

test('is disabled after five days of failures, though only a few subjects are tried', async () => {
  const days = 5 * 86_400
  const flows = startOrdered({ ...draining, failingSince: timeOfSecond(SECOND - days - 1) })
  const ids = flows.addMany(2, 1)
  flows.endpoint.react = () => ({ status: 500 })
  await flows.drain()
  assert.equal(circuitOf(flows)?.state, 'disabled')
  for (let checks = 0; checks < 2; checks++) await next(flows)
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

test('the progress that a drain stores has forgotten the events that none can come before any more', async () => {
  const flows = startOrdered()
  flows.add(idOf(1, 60), 1)
  const young = flows.add(idOf(1, 10), 1)
  await flows.drain()
  const { v, sequence, begun } = flows.order() ?? {}
  assert.deepEqual([v, sequence, begun], [1, 2, [young]])
})

test('an event that is not visible holds up those of its subject, and no others', async () => {
  const flows = startOrdered()
  const [first = ''] = flows.addMany(2, 1)
  const other = flows.add(idOf(50), 2)
  const { eventCache } = flows.services
  flows.services.eventCache = {
    ...eventCache,
    find: (reference) =>
      reference.event === first ? Promise.resolve(undefined) : eventCache.find(reference),
  }
  await flows.drain()
  assert.deepEqual(flows.numbered(), [[other, '1']])
  assert.equal(flows.delivery(first)?.state, 'waiting')
})

test('an ordered subscription with a rate limit gets its events at that rate, and none after the time of a drain', async () => {
  const flows = startOrdered()
  flows.change((stored) => ({ ...stored, maxPerSecond: 1 }))
  for (let party = 1; party <= 40; party++) flows.add(idOf(party), party)
  const began = flows.services.clock.now()
  await flows.drain()
  const times = flows.requests.map(({ at }) => at - began)
  assert.ok(times.length > 15 && times.every((at) => at <= 20_500), times.join())
  const gaps = times.slice(1).map((at, place) => at - (times[place] ?? 0))
  assert.ok(
    gaps.every((gap) => gap >= 900),
    gaps.join(),
  )
})

test('a check before the circuit closes sends what has joined an ordered backlog', async () => {
  const flows = startOrdered({ state: 'closing', opens: 0, checks: 0, lease })
  const [id = ''] = flows.addMany(1, 1)
  await flows.drain()
  assert.equal(flows.delivery(id)?.state, 'delivered')
})
