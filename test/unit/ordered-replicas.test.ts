import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Stored } from '../../shared/azure/documents.ts'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { circuitOf, draining } from './circuit-fixture.ts'
import { next } from './drain-fixture.ts'
import { idOf } from './flow-fixture.ts'
import { showOld, startOrdered } from './ordered-fixture.ts'

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
  for (let checks = 0; checks < 20 && circuitOf(flows) !== undefined; checks++) await next(flows)
  assert.deepEqual([old.length, flows.requests.length], [1, 1])
})

for (const count of [1, 3])
  test(`what a lagging replica still shows is neither sent nor numbered again: ${count} of a subject`, async () => {
    const flows = startOrdered()
    const before = flows.addMany(count, 1).flatMap((id) => flows.delivery(id) ?? [])
    await flows.drain()
    showOld(flows, before)
    flows.calls.length = 0
    for (let checks = 0; checks < 20 && circuitOf(flows) !== undefined; checks++) await next(flows)
    assert.equal(circuitOf(flows), undefined, 'it closes once the replica shows the truth')
    assert.equal(flows.requests.length, count)
    assert.equal(flows.order()?.sequence, count)
    const writes = flows.calls.filter((call) => call.startsWith('replace 1/'))
    assert.ok(writes.length <= 5, 'the first of a subject shows that the page is old')
  })

test('what began first is not numbered again where a lagging replica shows it after one that came late', async () => {
  const flows = startOrdered()
  const first = flows.add(idOf(2, 60), 1)
  const before = [flows.delivery(first) ?? []].flat()
  await flows.drain()
  const late = flows.add(idOf(1, 60), 1)
  while (flows.requests.length < 2) await next(flows)
  showOld(flows, before)
  for (let checks = 0; checks < 20 && circuitOf(flows) !== undefined; checks++) await next(flows)
  assert.deepEqual(flows.numbered(), [
    [first, '1'],
    [late, '2'],
  ])
  assert.deepEqual([flows.order()?.event, flows.order()?.sequence], [late, 2])
})

/** Two events of a subject, of which the first has its number when the process dies. */
async function startNumbered() {
  const flows = startOrdered()
  const [first = '', second = ''] = flows.addMany(2, 1)
  const { save } = flows.services.deliveries
  flows.services.deliveries.save = () => Promise.reject(new Error('died'))
  await assert.rejects(flows.drain(), /died/)
  assert.deepEqual([flows.order()?.event, flows.delivery(first)?.sequence], [first, undefined])
  flows.services.deliveries.save = save
  return { ...flows, first, second }
}

test('an event keeps the number that it took before its process died', async () => {
  const flows = await startNumbered()
  const { first, second } = flows
  await next(flows)
  assert.deepEqual(flows.numbered(), [
    [first, '1'],
    [second, '2'],
  ])
  assert.equal(flows.delivery(first)?.sequence, 1)
})

test('an event keeps that number when it has waited for its event since then, and was written a day later', async () => {
  const flows = await startNumbered()
  const { first, second } = flows
  await flows.pass(3600)
  const missingSince = flows.seconds()
  await flows.pass(25 * 3600)
  const { _etag: etag = '' } = flows.delivery(first) ?? {}
  const key = `1/${first}`
  flows.containers.deliveries.replace(key, etag, (stored) => ({ ...stored, missingSince }))
  await next(flows)
  assert.deepEqual(flows.numbered(), [
    [first, '1'],
    [second, '2'],
  ])
})

test('an event waits for the one that began before it, whose record is not to be seen', async () => {
  const flows = startOrdered()
  const [first = ''] = flows.addMany(1, 1)
  await flows.drain()
  flows.containers.deliveries.remove(`1/${first}`)
  const [second = ''] = flows.addMany(1, 1, 2)
  flows.change((stored) => ({ ...stored, circuit: draining }))
  assert.equal(await flows.drain(), 'draining')
  assert.equal(flows.delivery(second)?.state, 'backlog')
  assert.equal(flows.sent.at(-1)?.delaySeconds, 5)
})
