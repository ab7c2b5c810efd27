import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retryDelivery } from '../../shared/flows/retry-delivery.ts'
import { draining, lease, since } from './circuit-fixture.ts'
import { fanOutUnconfirmed, startFanOut } from './fan-out-fixture.ts'
import { eventMessage, SECOND, timeOfSecond } from './flow-fixture.ts'
import { removeSubscription, startRetry } from './retry-fixture.ts'
import { tombstone } from './subscription-fixture.ts'

const out = () => Promise.reject(new Error('out'))
const open = { state: 'open', opens: 1, failingSince: since, reason: 'x', lease } as const
const disabled = { state: 'disabled', reason: '410', since } as const

/** A first attempt that arrived, could not be stored, and is 30 s old, or older. */
async function startUnsavedFanOut(seconds = 30) {
  const flows = startFanOut()
  const { add } = flows.services.deliveries
  flows.services.deliveries.add = out
  await assert.rejects(flows.fanOut(1), /out/)
  await flows.pass(seconds)
  flows.services.deliveries.add = add
  return flows
}

/** A retry that arrived, could not be stored, and is 30 s old. */
async function startUnsavedRetry() {
  const flows = startRetry()
  const { save } = flows.services.deliveries
  flows.services.deliveries.save = out
  await assert.rejects(flows.retry(), /out/)
  flows.services.deliveries.save = save
  await flows.pass(30)
  return flows
}

for (const circuit of [open, draining])
  test(`a first attempt that arrived, and could not be stored, does not join the backlog of a circuit that is ${circuit.state} by then`, async () => {
    const flows = await startUnsavedFanOut()
    flows.change((stored) => ({ ...stored, circuit }))
    await flows.fanOut(2)
    assert.deepEqual([flows.requests.length, flows.record()?.state], [1, 'delivered'])
  })

test('a first attempt that arrived, and could not be stored, needs no slot in the share of its subscriber', async () => {
  const flows = await startUnsavedFanOut()
  for (let other = 1; other <= 24; other++) flows.services.concurrencyLimit.start('1')
  await flows.fanOut(2)
  assert.deepEqual([flows.requests.length, flows.record()?.state], [1, 'delivered'])
})

test('what arrived, and is stored later, says nothing of how its subscriber answers by then', async () => {
  const flows = await startUnsavedFanOut(100)
  const { recentOutcomes } = flows.services
  for (let count = 1; count <= 4; count++) recentOutcomes.failed('1', false)
  await flows.fanOut(2)
  assert.equal(flows.record()?.state, 'delivered')
  const { consecutiveFailures, hasNoRecentSuccess } = recentOutcomes.failed('1', false)
  assert.deepEqual([consecutiveFailures, hasNoRecentSuccess], [5, true])
})

test('a first attempt that arrived is stored before its message comes again, though nothing could be stored for 20 s', async () => {
  const flows = startFanOut()
  const { add } = flows.services.deliveries
  flows.services.deliveries.add = out
  await assert.rejects(flows.fanOut(1), /out/)
  await flows.pass(20)
  flows.services.deliveries.add = add
  await flows.pass(9)
  assert.equal(flows.record()?.state, 'delivered')
})

for (const seconds of [1, 100])
  test(`the one success in five days counts, though neither it nor the circuit could be stored for ${seconds} s`, async () => {
    const failingSince = timeOfSecond(SECOND - 5 * 86_400 + 120)
    const flows = startFanOut({ state: 'closed', opens: 1, failingSince })
    const { deliveries, subscriptions } = flows.services
    const [add, save] = [deliveries.add, subscriptions.save]
    deliveries.add = out
    subscriptions.save = out
    await assert.rejects(flows.fanOut(1), /out/)
    await flows.pass(seconds)
    deliveries.add = add
    subscriptions.save = save
    if (seconds === 1) await flows.pass(30)
    else await flows.fanOut(2)
    assert.equal(flows.record()?.state, 'delivered')
    const circuit = flows.circuit()
    assert.ok(circuit === undefined || !('failingSince' in circuit))
  })

test('one failed request counts once, however often its outcome cannot be stored', async () => {
  const flows = startFanOut()
  flows.endpoint.react = () => ({ status: 500 })
  const { add } = flows.services.deliveries
  flows.services.deliveries.add = out
  for (let tries = 1; tries <= 5; tries++) await assert.rejects(flows.fanOut(tries), /out/)
  assert.deepEqual([flows.requests.length, flows.circuit()?.state], [1, 'closed'])
  flows.services.deliveries.add = add
  await flows.fanOut(6)
  const { state, attempts } = flows.record() ?? {}
  assert.deepEqual([state, attempts?.map(({ status }) => status)], ['waiting', [500]])
  assert.equal(flows.requests.length, 1)
})

test('a slow first attempt that arrived, and could not be stored at first, is stored before another process sends it again', async () => {
  const flows = startFanOut()
  flows.endpoint.react = () => ({ status: 200, ms: 5000 })
  const { save } = flows.services.deliveries
  await flows.fanOut()
  flows.services.deliveries.save = out
  await flows.pass(20)
  flows.services.deliveries.save = save
  await flows.pass(50)
  flows.services.unsavedOutcomes.delete(`1 ${flows.id} 0 0`) // another process has no memory of it
  const message = { ...eventMessage(flows.id), subscription: '1', run: 0, attempt: 0 }
  await flows.run(retryDelivery(flows.services, message, 'x'))
  assert.deepEqual([flows.requests.length, flows.record()?.state], [1, 'delivered'])
})

test('a slow first attempt that arrived is not sent again by another process, though its record was never stored', async () => {
  const flows = startFanOut()
  flows.endpoint.react = () => ({ status: 200, ms: 5000 })
  const confirm = await fanOutUnconfirmed(flows)
  confirm()
  await flows.pass(30)
  flows.services.unsavedOutcomes.delete(`1 ${flows.id} 0 0`) // the other process has no memory of it
  await flows.fanOut(2)
  assert.deepEqual([flows.requests.length, flows.record()?.state], [1, 'delivered'])
})

test('a quick first attempt that arrived is not sent again by another process, though its record could not be stored at first', async () => {
  const flows = startFanOut()
  const confirm = await fanOutUnconfirmed(flows)
  confirm()
  await flows.pass(30)
  assert.equal(flows.services.unsavedOutcomes.get(`1 ${flows.id} 0 0`), undefined, 'it is stored')
  await flows.fanOut(2)
  assert.deepEqual([flows.requests.length, flows.record()?.state], [1, 'delivered'])
})

test('what is remembered no more is not stored again: the memory bounds what waits', async () => {
  const flows = startFanOut()
  const confirm = await fanOutUnconfirmed(flows)
  confirm()
  flows.services.unsavedOutcomes.delete(`1 ${flows.id} 0 0`)
  await flows.pass(60)
  assert.deepEqual(flows.deliveryCalls(), [])
})

test('what was stored without confirmation is not kept in memory', async () => {
  const flows = startFanOut()
  const { add } = flows.services.deliveries
  flows.services.deliveries.add = async (delivery) => {
    flows.services.deliveries.add = add
    await add(delivery)
    return { outcome: 'unconfirmed', session: undefined }
  }
  await assert.rejects(flows.fanOut(), /not confirmed/)
  await flows.pass(1)
  assert.equal(flows.record()?.state, 'delivered')
  assert.equal(flows.services.unsavedOutcomes.get(`1 ${flows.id} 0 0`), undefined)
})

test('a slow first attempt that failed waits for the fan-out again where its record was never stored', async () => {
  const flows = startFanOut()
  flows.endpoint.react = () => ({ status: 500, ms: 5000 })
  const confirm = await fanOutUnconfirmed(flows)
  confirm()
  await flows.pass(60)
  assert.equal(flows.record(), undefined)
  await flows.fanOut(2)
  assert.deepEqual([flows.record()?.state, flows.record()?.attempt], ['waiting', 1])
})

test('a slow first attempt that arrived is stored, though its record was stored without confirmation, and a replica lags', async () => {
  const flows = startFanOut()
  flows.endpoint.react = () => ({ status: 200, ms: 5000 })
  const { add, find } = flows.services.deliveries
  const reads = [() => Promise.resolve(undefined)]
  flows.services.deliveries.find = (...key) => reads.pop()?.() ?? find(...key)
  flows.services.deliveries.add = async (document) => {
    await add(document)
    return { outcome: 'unconfirmed', session: undefined }
  }
  await assert.rejects(flows.fanOut(), /not confirmed/)
  flows.services.deliveries.add = add
  await flows.pass(20)
  assert.deepEqual([flows.requests.length, flows.record()?.state], [1, 'delivered'])
})

for (const circuit of [open, draining, disabled])
  test(`a retry that arrived, and could not be stored, does not join the backlog of a circuit that is ${circuit.state} by then`, async () => {
    const flows = await startUnsavedRetry()
    flows.change((stored) => ({ ...stored, circuit }))
    await flows.retry()
    assert.deepEqual([flows.requests.length, flows.record()?.state], [1, 'delivered'])
  })

test('a retry that arrived, and could not be stored, needs no slot in the share of its subscriber', async () => {
  const flows = await startUnsavedRetry()
  const { concurrencyLimit } = flows.services
  for (let other = 1; other <= 4; other++)
    await flows.run(concurrencyLimit.acquire('1', { isRetry: true }))
  await flows.retry()
  assert.deepEqual([flows.requests.length, flows.record()?.state], [1, 'delivered'])
})

test('a retry that arrived, and could not be stored, is delivered though its subscription is deleted by then', async () => {
  const flows = await startUnsavedRetry()
  removeSubscription(flows)
  flows.store(tombstone(1))
  await flows.retry()
  assert.deepEqual([flows.requests.length, flows.record()?.state], [1, 'delivered'])
})

test('a retry that arrived, and could not be stored, is delivered though another process has ended it', async () => {
  const flows = await startUnsavedRetry()
  const key = `1/${flows.id}`
  const tag = flows.record()
  assert.ok(tag)
  flows.containers.deliveries.replace(
    key,
    flows.containers.deliveries.find(key)?._etag ?? '',
    () => ({
      ...tag,
      state: 'dead',
    }),
  )
  await flows.retry()
  assert.deepEqual([flows.requests.length, flows.record()?.state], [1, 'delivered'])
})

test('what has arrived is stored again 20 s later, before its message comes again', async () => {
  const flows = startFanOut()
  const { add } = flows.services.deliveries
  flows.services.deliveries.add = (delivery) =>
    flows.seconds() < SECOND + 10
      ? Promise.resolve({ outcome: 'unconfirmed', session: undefined })
      : add(delivery)
  await assert.rejects(flows.fanOut(), /not confirmed/)
  await flows.pass(25)
  assert.equal(flows.record()?.state, 'delivered')
})
