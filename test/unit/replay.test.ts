import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drainSubscription } from '../../shared/flows/drain.ts'
import { redeliver } from '../../shared/flows/redeliver.ts'
import { sendReplayPage, replayPage, sweepReplays } from '../../shared/flows/replay.ts'
import { leaseOf, type Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { idOf, SECOND, timeOfSecond } from './flow-fixture.ts'
import { tombstone } from './subscription-fixture.ts'
import { REPLAY, replayOf, startReplay, dead, addEvents } from './replay-fixture.ts'

test('a page that is done again sends nothing twice', async () => {
  const flows = startReplay({ only: 'all' })
  const ids = flows.deliveries(10, { state: 'delivered', firstAttempt: SECOND - 590 }, 600)
  addEvents(flows, 1, 300)
  const before = flows.replay()
  flows.services.replays.find = () => Promise.resolve(before) // a lagging replica shows the old cursor
  for (let pages = 0; pages < 2; pages++) {
    await flows.page()
    const token = leaseOf(flows.circuit())?.token ?? ''
    const message = { v: 1, consumer: '/org/ttd', subscription: 'document-1', token } as const
    await flows.run(drainSubscription(flows.services, message))
  }
  const sent = flows.requests.map(({ event }) => event)
  for (const id of ids) assert.equal(sent.filter((each) => each === id).length, 1)
})

test('a page is done again when a record that exists is not visible', async () => {
  const flows = startReplay({ only: 'missing' })
  const [id = ''] = addEvents(flows, 1, 560)
  const { add } = flows.services.deliveries
  flows.services.deliveries.add = async (delivery) => {
    await add(delivery)
    return { outcome: 'exists', session: undefined } // an earlier try, whose answer was lost
  }
  flows.services.deliveries.find = () => Promise.resolve(undefined)
  await assert.rejects(flows.page(), /not visible/)
  assert.equal(flows.delivery(id)?.state, 'backlog')
  assert.equal(flows.replay()?.state, 'running')
})

test('dead deliveries start their next run in the backlog, and a drain starts', async () => {
  const { deliveries, delivery, page, replay, circuit, sentTo } = startReplay()
  const [before = ''] = deliveries(1, dead, 1100)
  const ids = deliveries(3, dead, 500)
  const [delivered = ''] = deliveries(1, { state: 'delivered' }, 400)
  const [after = ''] = deliveries(1, dead, 4)
  assert.equal(await page(), 'done')
  for (const id of ids) {
    const { state, run, attempt, reason, deadAt, firstAttempt } = delivery(id) ?? {}
    assert.deepEqual([state, run, attempt], ['backlog', 1, 0])
    assert.deepEqual([reason, deadAt, firstAttempt], [undefined, undefined, undefined])
  }
  assert.deepEqual(
    [before, after, delivered].map((id) => delivery(id)?.state),
    ['dead', 'dead', 'delivered'],
  )
  const { state, examined, sent, cursor, due } = replay() ?? {}
  assert.deepEqual([state, examined, sent, cursor, due], ['done', 3, 3, ids[2], undefined])
  assert.equal(circuit()?.state, 'draining')
  assert.deepEqual([sentTo('drainQueue').length, sentTo('replayQueue').length], [1, 0])
})

test('a page has a hundred deliveries, and the next follows a second later', async () => {
  const { deliveries, page, replay, sentTo, delivery } = startReplay()
  const ids = deliveries(130, dead, 500)
  assert.equal(await page(), 'running')
  const { state, examined, sent, cursor, due } = replay() ?? {}
  assert.deepEqual([state, examined, sent, cursor], ['running', 100, 100, ids[99]])
  assert.ok(due !== undefined && due >= SECOND + 60 && due <= SECOND + 62)
  const [next] = sentTo('replayQueue')
  assert.deepEqual(next?.message, { v: 1, subscription: '1', replay: REPLAY })
  assert.equal(next?.delaySeconds, 1)
  assert.equal(await page(), 'done')
  assert.deepEqual([replay()?.examined, replay()?.sent], [130, 130])
  assert.ok(ids.every((id) => delivery(id)?.run === 1))
})

test('cancels a replay of a subscription disabled meanwhile', async () => {
  const off: Circuit = { state: 'disabled', reason: '410', since: timeOfSecond(SECOND) }
  const disabled = startReplay({}, off)
  await disabled.pass(60)
  assert.equal(await disabled.page(), 'cancelled')
  const unvalidated = startReplay()
  unvalidated.change(({ validated: _validated, ...current }) => current)
  await assert.rejects(unvalidated.page(), /not validated/)
})

test('an empty page starts no drain', async () => {
  for (const only of ['missing', 'dead'] as const) {
    const none = startReplay({ only })
    assert.equal(await none.page(), 'done')
    assert.deepEqual([none.circuit(), none.sent.length], [undefined, 0])
    assert.equal(none.replay()?.cursor, replayOf().cursor)
  }
})

test('starts the drain before a page fills the backlog: the page may be interrupted', async () => {
  for (const only of ['missing', 'dead'] as const) {
    const broken = startReplay({ only })
    if (only === 'dead') broken.deliveries(1, dead, 500)
    else addEvents(broken, 1, 500)
    const fail = () => Promise.reject(new Error('broken off'))
    broken.services.deliveries.add = fail
    broken.services.deliveries.save = fail
    await assert.rejects(broken.page(), /broken off/)
    assert.equal(broken.circuit()?.state, 'draining')
  }
})

test('counts a delivery as sent when its write lost to its own first try', async () => {
  for (const only of ['all', 'dead'] as const) {
    const flows = startReplay({ only })
    addEvents(flows, 1, 500)
    flows.deliveries(1, dead, 500)
    const { save } = flows.services.deliveries
    flows.services.deliveries.save = async (delivery) => {
      const { session } = await save(delivery)
      return { outcome: 'changed', session }
    }
    assert.equal(await flows.page(), 'done')
    assert.deepEqual([flows.replay()?.sent, flows.circuit()?.state], [1, 'draining'])
  }
})

test('a replay that is over stays so; one that is not visible is retried', async () => {
  for (const [state, count] of [
    ['done', 1],
    ['cancelled', 2], // it looks for what an interrupted page has sent
  ] as const) {
    const { page, calls, sent } = startReplay({ state })
    assert.deepEqual([await page(), calls.length, sent.length], [state, count, 0])
  }
  await assert.rejects(startReplay().page(idOf(1)), /not visible/)
})

test('cancels the replay of a deleted subscription; retries while it may only lag', async () => {
  const gone = startReplay()
  gone.containers.subscriptions.remove('/org/ttd/document-1')
  await assert.rejects(gone.page(), /not visible/)
  assert.equal(gone.replay()?.state, 'running')
  gone.store(tombstone(1))
  await gone.pass(4)
  assert.equal(await gone.page(), 'cancelled')
  assert.deepEqual([gone.replay()?.state, gone.replay()?.due], ['cancelled', undefined])
  const old = startReplay({ id: idOf(0, 3700) })
  old.containers.subscriptions.remove('/org/ttd/document-1')
  assert.equal(await old.page(idOf(0, 3700)), 'cancelled')
})

test('retries the page when a record is not confirmed', async () => {
  const flows = startReplay({ only: 'missing' })
  addEvents(flows, 1, 500)
  flows.services.deliveries.add = () =>
    Promise.resolve({ outcome: 'unconfirmed', session: undefined })
  await assert.rejects(flows.page(), /not confirmed/)
  assert.equal(flows.replay()?.cursor, replayOf().cursor)
})

test('one of two copies of a page sends the next message', async () => {
  const { services, run, deliveries, sentTo, replay } = startReplay()
  deliveries(130, dead, 500)
  const page = () => replayPage(services, { v: 1, subscription: '1', replay: REPLAY })
  await run(Promise.all([page(), page()]))
  assert.equal(sentTo('replayQueue').length, 1)
  assert.equal(replay()?.examined, 100)
})

test('sends the page of an overdue replay again, and sets its next time', async () => {
  const flows = startReplay()
  await flows.run(sweepReplays(flows.services))
  assert.equal(flows.sentTo('replayQueue').length, 1)
  assert.equal(flows.replay()?.due, SECOND + 60)
  const early = startReplay({ due: SECOND + 10 })
  await early.run(sweepReplays(early.services))
  assert.deepEqual(early.sent, [])
})

test('redelivers one delivery that is over, at once, and none that waits', async () => {
  const flows = startReplay()
  const [id = ''] = flows.deliveries(1, dead, 500)
  const stored = flows.delivery(id)
  assert.ok(stored !== undefined)
  const again = await flows.run(redeliver(flows.services, stored))
  assert.deepEqual([again?.run, again?.state, again?.due], [1, 'waiting', SECOND + 60])
  assert.equal(flows.delivery(id)?.due, SECOND + 60)
  assert.deepEqual(
    flows.sent.map(({ queue, message, delaySeconds }) => [queue, message['run'], delaySeconds]),
    [['retryQueue', 1, 0]],
  )
  const second = await flows.run(redeliver(flows.services, stored))
  assert.equal(second, undefined, 'another was first')
  const waiting = flows.delivery(id)
  assert.ok(waiting?.state === 'waiting')
  assert.equal(await flows.run(redeliver(flows.services, waiting)), undefined)
  assert.equal(flows.delivery(id)?.run, 1)
  assert.equal(flows.sent.length, 1)
})

test('starts with the first page at once', async () => {
  const flows = startReplay()
  await sendReplayPage(flows.services, replayOf())
  assert.deepEqual(
    flows.sent.map(({ queue, delaySeconds }) => [queue, delaySeconds]),
    [['replayQueue', 0]],
  )
})

test('what an ordered subscription gets again joins its backlog one after another', async () => {
  const flows = startReplay()
  flows.change((stored) => ({ ...stored, ordered: true }))
  const ids = flows.deliveries(20, dead, 600)
  const joined: string[] = []
  const { save } = flows.services.deliveries
  flows.services.deliveries.save = async (delivery) => {
    const written = await save(delivery)
    joined.push(delivery.id)
    return written
  }
  await flows.page()
  assert.deepEqual(joined, ids)
})

test('a single delivery has a drain, though the first that was started for it is over', async () => {
  const flows = startReplay()
  flows.deliveries(1, dead)
  const { save } = flows.services.deliveries
  flows.services.deliveries.save = async (delivery) => {
    flows.change(({ circuit: _closed, ...subscription }) => subscription)
    return save(delivery)
  }
  await flows.page()
  assert.equal(flows.circuit()?.state, 'draining')
})

test('nothing is sent to a subscription whose document shows that it is deleted', async () => {
  const flows = startReplay()
  flows.deliveries(1, dead)
  const { subscriptions } = flows.services
  const byNumber = subscriptions.byNumber.bind(subscriptions)
  subscriptions.byNumber = async (number) => {
    const found = await byNumber(number)
    flows.containers.subscriptions.remove('/org/ttd/document-1')
    flows.store(tombstone(1))
    return found
  }
  assert.equal(await flows.page(), 'done')
  assert.equal(flows.replay()?.sent, 0)
})
