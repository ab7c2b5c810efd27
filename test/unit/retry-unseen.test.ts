import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retryDelivery } from '../../shared/flows/retry-delivery.ts'
import { createSubscriptionIndex } from '../../shared/subscriptions/subscription-index.ts'
import { eventMessage, SECOND, startFlows } from './flow-fixture.ts'
import { tombstone } from './subscription-fixture.ts'
import { removeSubscription, retried, startRetry } from './retry-fixture.ts'

test('cancels the delivery of a subscription whose tombstone is in the index', async () => {
  const flows = startRetry()
  removeSubscription(flows)
  flows.store(tombstone(1))
  flows.services.subscriptions.find = () => Promise.resolve(undefined) // a lagging replica
  assert.equal(await flows.retry(), 'cancelled')
  assert.deepEqual(
    [flows.record()?.reason, flows.record()?.due],
    ['the subscription was deleted', undefined],
  )
})

test('reads a subscription missing in the index; a later one in its place proves the deletion', async () => {
  const unseen = startRetry()
  unseen.services.index = createSubscriptionIndex({ async *changedSince() {} })
  assert.equal(await unseen.retry(), 'delivered')
  assert.ok(unseen.calls.includes('read /org/ttd/document-1'))
  const replaced = startRetry()
  removeSubscription(replaced)
  replaced.store({ ...tombstone(3), id: 'document-1' })
  assert.equal(await replaced.retry(), 'cancelled')
})

test('a tombstone of the same number proves the deletion, even if the index does not know it', async () => {
  const flows = startRetry()
  flows.services.index = createSubscriptionIndex({ async *changedSince() {} })
  removeSubscription(flows)
  flows.store(tombstone(1))
  assert.equal(await flows.retry(), 'cancelled')
})

test('a subscription that is not visible proves nothing while the delivery is young', async () => {
  const young = startRetry(undefined, { firstAttempt: SECOND - 3595 }, 9000)
  removeSubscription(young)
  await assert.rejects(young.retry(), /not visible/)
  assert.equal(young.record()?.state, 'waiting')
  const old = startRetry(undefined, { firstAttempt: SECOND - 3605 })
  removeSubscription(old)
  assert.equal(await old.retry(), 'cancelled')
  const { firstAttempt: _first, ...neverTried } = retried
  const published = startRetry(undefined, {}, 3605, neverTried)
  removeSubscription(published)
  assert.equal(
    await published.retry(),
    'cancelled',
    'the event’s own age counts where it was never tried',
  )
  const justPublished = startRetry(undefined, {}, 3595, neverTried)
  removeSubscription(justPublished)
  await assert.rejects(justPublished.retry(), /not visible/)
})

test('an older number in the subscription’s place is a lagging replica', async () => {
  const flows = startFlows()
  const [id = ''] = flows.deliveries(1, { ...retried, subscription: '2' }, 200)
  flows.store(tombstone(1))
  const message = { ...eventMessage(id), subscription: '2', run: 1, attempt: 2 }
  await assert.rejects(
    flows.run(retryDelivery(flows.services, message, message.traceparent)),
    /not visible/,
  )
})

test('looks for a missing event again soon, then after an hour; then the delivery is dead', async () => {
  const missing = async (missingFor?: number) => {
    const given = missingFor === undefined ? {} : { missingSince: SECOND - missingFor }
    const flows = startRetry(undefined, given, 9000)
    flows.eraseEvent(flows.id)
    const state = await flows.retry()
    const { due = SECOND, missingSince = 0, reason } = flows.record() ?? {}
    assert.equal(flows.requests.length, 0)
    return { state, dueIn: due - SECOND, missingFor: SECOND - missingSince, reason }
  }
  assert.deepEqual(await missing(), {
    state: 'waiting',
    dueIn: 30,
    missingFor: 0,
    reason: undefined,
  })
  assert.deepEqual(await missing(119), {
    state: 'waiting',
    dueIn: 30,
    missingFor: 119,
    reason: undefined,
  })
  assert.deepEqual(await missing(120), {
    state: 'waiting',
    dueIn: 3481,
    missingFor: 120,
    reason: undefined,
  })
  assert.equal((await missing(3600)).state, 'waiting')
  const { state, reason } = await missing(3601)
  assert.deepEqual([state, reason], ['dead', 'the event is gone'])
})

test('cancels a delivery whose subscription is deleted, with its deliveries cancelled, while this process stood still', async () => {
  const flows = startRetry()
  await flows.run(flows.services.index.current())
  flows.services.concurrencyLimit.acquire = () => {
    removeSubscription(flows)
    flows.store(tombstone(1))
    return Promise.resolve(undefined)
  }
  assert.equal(await flows.retry(), 'cancelled')
  assert.equal(flows.record()?.state, 'cancelled')
})

test('drops a message about a delivery whose record may have expired', async () => {
  const at = async (age: number) => {
    const flows = startRetry(undefined, {}, age)
    flows.containers.deliveries.remove(`1/${flows.id}`)
    return flows.retry()
  }
  await assert.rejects(at(86_400), /not visible/)
  assert.equal(await at(90_000), 'dropped')
})
