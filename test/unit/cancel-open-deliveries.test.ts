import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drainSubscription } from '../../shared/flows/drain.ts'
import { unsubscribe } from '../../shared/flows/manage-subscriptions.ts'
import { isSubscription, type Cancellation } from '../../shared/subscriptions/subscription.ts'
import { SECOND, startFlows } from './flow-fixture.ts'
import { subscription, tombstone } from './subscription-fixture.ts'

const message = { v: 1, consumer: '/org/ttd', subscription: 'document-1', token: 'token' } as const
const cancellationOf = (numbers: number[], since = SECOND - 60): Cancellation => ({
  deleted: numbers.map((number) => ({ number, since })),
  lease: { token: 'token', until: SECOND + 100 },
})

function startCancellation(given: Cancellation) {
  const flows = startFlows()
  flows.store({ ...tombstone(1), ttl: -1, cancellation: given })
  return {
    ...flows,
    cancel: (token = 'token') =>
      flows.run(drainSubscription(flows.services, { ...message, token })),
  }
}

test('cancels the open deliveries of deleted subscriptions, and keeps the tombstone for a day', async () => {
  const {
    cancel,
    deliveries,
    delivery,
    subscription: found,
    sent,
    requests,
    pass,
  } = startCancellation(cancellationOf([1, 5]))
  const waiting = deliveries(1, { state: 'waiting', due: SECOND + 5000 }, 90)
  const backlog = deliveries(250, {}, 60)
  const older = deliveries(1, { subscription: '5' }, 50)
  const [dead = ''] = deliveries(1, { state: 'dead', reason: 'x' }, 40)
  const [other = ''] = deliveries(1, { subscription: '2' }, 30)
  assert.equal(await cancel(), 'cancelling')
  assert.deepEqual(
    sent.map(({ delaySeconds }) => delaySeconds),
    [20],
    'a replica may still show what was just ended',
  )
  for (const id of [...waiting, ...backlog]) {
    const { state, reason, due } = delivery(id) ?? {}
    assert.deepEqual([state, reason, due], ['cancelled', 'the subscription was deleted', undefined])
  }
  assert.equal(delivery(older[0] ?? '', 5)?.state, 'cancelled')
  assert.deepEqual([delivery(dead)?.state, delivery(other, 2)?.state], ['dead', 'backlog'])
  await pass(20)
  assert.equal(await cancel(found()?.cancellation?.lease.token), 'cancelled')
  const left = found()
  assert.ok(left !== undefined && 'deleted' in left)
  assert.deepEqual(
    [left.cancellation, left.ttl, sent.length, requests.length],
    [undefined, 86_400, 1, 0],
  )
})

test('checks once more when no writer can add to the backlog any more', async () => {
  const {
    cancel,
    subscription: found,
    sent,
    seconds,
    pass,
    deliveries,
    delivery,
  } = startCancellation(cancellationOf([1], SECOND - 30))
  assert.equal(await cancel(), 'cancelling')
  const [again] = sent
  assert.ok(again !== undefined && Math.abs(again.delaySeconds - 30) <= 1)
  const lease = found()?.cancellation?.lease
  assert.ok(lease !== undefined)
  assert.equal(lease.token, again.message['token'])
  const spare = lease.until - seconds() - again.delaySeconds
  assert.ok(spare >= 29 && spare <= 31, '30 s for the message to come')
  await pass(again.delaySeconds)
  const [late = ''] = deliveries(1)
  assert.equal(await cancel(lease.token), 'cancelling')
  assert.equal(delivery(late)?.state, 'cancelled')
})

test('comes again when the last of them can be cancelled', async () => {
  const deleted = [
    { number: 1, since: SECOND - 60 },
    { number: 5, since: SECOND - 10 },
  ]
  const flows = startCancellation({ ...cancellationOf([]), deleted })
  flows.deliveries(1)
  assert.equal(await flows.cancel(), 'cancelling')
  const [again] = flows.sent
  assert.ok(again !== undefined && Math.abs(again.delaySeconds - 50) <= 1)
})

test('ignores a second copy of the message, and an earlier one', async () => {
  const { cancel, services, run, sent } = startCancellation(cancellationOf([1], SECOND - 60))
  assert.equal(await cancel('other'), 'dropped')
  const both = await run(
    Promise.all([drainSubscription(services, message), drainSubscription(services, message)]),
  )
  assert.deepEqual([both.toSorted(), sent.length], [['cancelled', 'dropped'], 0])
})

test('a subscription created again stays, without what is cancelled', async () => {
  const flows = startFlows()
  flows.store(subscription(2, { id: 'document-1', cancellation: cancellationOf([1], SECOND - 60) }))
  assert.equal(await flows.run(drainSubscription(flows.services, message)), 'cancelled')
  const found = flows.subscription()
  assert.ok(found !== undefined && !('deleted' in found))
  assert.deepEqual([found.cancellation, found.number, 'ttl' in found], [undefined, 2, false])
})

test('works for a minute, then hands over', async () => {
  const flows = startCancellation(cancellationOf([1]))
  flows.deliveries(300, {}, 60)
  const { page } = flows.services.deliveries
  let leaseUntil = 0
  flows.services.deliveries.page = async (...of) => {
    leaseUntil = flows.subscription()?.cancellation?.lease.until ?? 0
    await flows.services.clock.timeout(25_000).ended
    return page(...of)
  }
  assert.equal(await flows.cancel(), 'cancelling')
  assert.ok(leaseUntil - SECOND >= 120 && leaseUntil - SECOND <= 122, 'then another takes over')
  assert.deepEqual(
    flows.sent.map(({ delaySeconds }) => delaySeconds),
    [20],
  )
  assert.ok(flows.seconds() - SECOND >= 60 && flows.seconds() - SECOND < 90)
})

test('deliveries are cancelled by messages, the next of them a minute later at most', async () => {
  const flows = startFlows()
  flows.store(subscription(1))
  await remove(flows)
  const [first] = flows.sent.splice(0)
  const token = String(first?.message['token'])
  assert.equal(
    await flows.run(drainSubscription(flows.services, { ...message, token })),
    'cancelling',
  )
  assert.deepEqual(
    flows.sent.map(({ delaySeconds }) => delaySeconds),
    [60],
  )
})

test('a subscription that was never validated leaves nothing to cancel', async () => {
  const flows = startFlows()
  const { validated: _validated, ...made } = subscription(1)
  flows.store(made)
  await remove(flows)
  const left = flows.subscription()
  assert.ok(left !== undefined && 'deleted' in left)
  assert.deepEqual([left.cancellation, left.ttl, flows.sent], [undefined, 86_400, []])
})

test('a deletion leaves a cancellation that is under way its lease, and is part of it', async () => {
  const flows = startFlows()
  flows.store(subscription(2, { id: 'document-1', cancellation: cancellationOf([1], SECOND - 60) }))
  const [open = ''] = flows.deliveries(1, { subscription: '2' })
  const { page } = flows.services.deliveries
  flows.services.deliveries.page = async (...of) => {
    flows.services.deliveries.page = page
    await remove(flows, true)
    return page(...of)
  }
  assert.equal(await flows.run(drainSubscription(flows.services, message)), 'cancelling')
  const left = flows.subscription()?.cancellation
  assert.deepEqual(
    left?.deleted.map(({ number }) => number),
    [2],
  )
  assert.equal(flows.sent.length, 1)
  const token = left?.lease.token ?? ''
  await flows.run(drainSubscription(flows.services, { ...message, token }))
  assert.equal(flows.delivery(open, 2)?.state, 'cancelled')
})

test('a cancellation that has lost its lease sends no message: who has it goes on', async () => {
  const flows = startFlows()
  flows.store(subscription(2, { id: 'document-1', cancellation: cancellationOf([1]) }))
  const { page } = flows.services.deliveries
  flows.services.deliveries.page = (...of) => {
    flows.change((stored) => ({
      ...stored,
      cancellation: { ...cancellationOf([1]), lease: other },
    }))
    return page(...of)
  }
  const other = { token: 'other', until: SECOND + 100 }
  assert.equal(await flows.run(drainSubscription(flows.services, message)), 'cancelling')
  assert.deepEqual([flows.subscription()?.cancellation?.lease, flows.sent], [other, []])
})

test('thousands of deletions are done in a few passes', async () => {
  const {
    cancel,
    subscription: found,
    pass,
  } = startCancellation(
    cancellationOf(
      Array.from({ length: 6000 }, (_, index) => index + 1),
      SECOND - 600,
    ),
  )
  let token = 'token'
  for (let passes = 0; passes < 4 && found()?.cancellation !== undefined; passes++) {
    await cancel(token)
    token = found()?.cancellation?.lease.token ?? ''
    await pass(20)
  }
  assert.equal(found()?.cancellation, undefined)
})

/** Deletes the subscription, within other work or by itself. */
async function remove(flows: ReturnType<typeof startFlows>, within = false): Promise<void> {
  const found = flows.subscription()
  assert.ok(isSubscription(found))
  const removed = unsubscribe(flows.services, found)
  await (within ? removed : flows.run(removed))
}

test('reads each page of open deliveries once, though a replica still shows what is cancelled', async () => {
  const flows = startCancellation(cancellationOf([1], SECOND - 60))
  const ids = flows.deliveries(150)
  const stored = ids.map((id) => flows.delivery(id)).filter((each) => each !== undefined)
  let pages = 0
  flows.services.deliveries.page = (_subscription, state, after, count) => {
    pages++
    const shown = stored.filter((each) => each.state === state && each.id > after)
    return Promise.resolve(shown.slice(0, count))
  }
  assert.equal(await flows.cancel(), 'cancelling')
  assert.equal(pages, 4) // the last of each state is empty
})
