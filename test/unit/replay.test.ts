import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReplayDocument } from '../../shared/deliveries/replay-store.ts'
import { boundAt } from '../../shared/events/event-id.ts'
import { replayPage, sendAgain, sweepReplays } from '../../shared/flows/replay.ts'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { isSubscription } from '../../shared/subscriptions/subscription.ts'
import { deliveryOf, eventOf, idOf, SECOND, startFlows, timeOfSecond } from './flow-fixture.ts'
import { subscription, tombstone } from './subscription-fixture.ts'

const REPLAY = idOf(0, 5)
const replayOf = (given: Partial<ReplayDocument> = {}): ReplayDocument => ({
  v: 1,
  id: REPLAY,
  subscription: '1',
  only: 'dead',
  from: timeOfSecond(SECOND - 1000),
  to: timeOfSecond(SECOND - 5),
  cursor: boundAt((SECOND - 1000) * 1000),
  looked: 0,
  sent: 0,
  state: 'running',
  due: SECOND,
  ...given,
})

function startReplay(given: Partial<ReplayDocument> = {}, circuit?: Circuit) {
  const flows = startFlows()
  flows.store(subscription(1, circuit && { circuit }))
  flows.containers.replays.insert(`1/${given.id ?? REPLAY}`, replayOf(given))
  return {
    ...flows,
    page: (id = REPLAY) =>
      flows.run(replayPage(flows.services, { v: 1, subscription: '1', replay: id })),
    replay: (id = REPLAY) => flows.containers.replays.find(`1/${id}`),
    circuit: () => {
      const found = flows.subscription()
      return isSubscription(found) ? found.circuit : undefined
    },
    sentTo: (queue: string) => flows.sent.filter((each) => each.queue === queue),
  }
}
const dead = { state: 'dead', reason: 'gave up', attempt: 12, firstAttempt: 1, deadAt: 2 } as const

test('dead deliveries begin their next run in the backlog, which is drained', async () => {
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
  const { state, looked, sent, cursor, due } = replay() ?? {}
  assert.deepEqual([state, looked, sent, cursor, due], ['done', 3, 3, ids[2], undefined])
  assert.equal(circuit()?.state, 'draining')
  assert.deepEqual([sentTo('drainQueue').length, sentTo('replayQueue').length], [1, 0])
})

test('a page is a hundred, and the next is asked for a second later', async () => {
  const { deliveries, page, replay, sentTo, delivery } = startReplay()
  const ids = deliveries(130, dead, 500)
  assert.equal(await page(), 'running')
  const { state, looked, sent, cursor, due } = replay() ?? {}
  assert.deepEqual([state, looked, sent, cursor], ['running', 100, 100, ids[99]])
  assert.ok(due !== undefined && due >= SECOND + 60 && due <= SECOND + 62)
  const [next] = sentTo('replayQueue')
  assert.deepEqual(next?.message, { v: 1, subscription: '1', replay: REPLAY })
  assert.equal(next?.delaySeconds, 1)
  assert.equal(await page(), 'done')
  assert.deepEqual([replay()?.looked, replay()?.sent], [130, 130])
  assert.ok(ids.every((id) => delivery(id)?.run === 1))
})

/** Events of the resource, so many seconds old. */
function addEvents(
  flows: ReturnType<typeof startReplay>,
  count: number,
  age: number,
  given = {},
): string[] {
  const ids = Array.from({ length: count }, (_, index) => idOf(index + 1, age))
  for (const id of ids) flows.addEvent(eventOf(id, given))
  return ids
}

test('events that never had a delivery get one, those that have keep theirs', async () => {
  const flows = startReplay({ only: 'missing' })
  const [had = ''] = flows.deliveries(1, dead, 600)
  const [waiting = ''] = flows.deliveries(1, { state: 'waiting', due: SECOND + 100 }, 590)
  const missing = addEvents(flows, 2, 500)
  const [copy = ''] = addEvents(flows, 1, 400, { copyOf: 'other' })
  const [later = ''] = addEvents(flows, 1, 4)
  const [earlier = ''] = addEvents(flows, 1, 1001)
  assert.equal(await flows.page(), 'done')
  const states = (ids: string[]) => ids.map((id) => flows.delivery(id)?.state)
  assert.deepEqual(states(missing), ['backlog', 'backlog'])
  assert.deepEqual(states([had, waiting]), ['dead', 'waiting'])
  assert.deepEqual(states([copy, later, earlier]), [undefined, undefined, undefined])
  assert.deepEqual(
    [flows.replay()?.looked, flows.replay()?.sent, flows.replay()?.cursor],
    [5, 2, copy],
  )
  assert.equal(flows.circuit()?.state, 'draining')
})

test('all of them sends what is over once more, and lets what is open be', async () => {
  const flows = startReplay({ only: 'all' })
  const [over = ''] = flows.deliveries(1, dead, 600)
  const [done = ''] = flows.deliveries(1, { state: 'delivered' }, 590)
  const [waiting = ''] = flows.deliveries(1, { state: 'waiting', due: SECOND + 100 }, 580)
  const [backlog = ''] = flows.deliveries(1, {}, 570)
  const [missing = ''] = addEvents(flows, 1, 560)
  assert.equal(await flows.page(), 'done')
  const runs = [over, done, waiting, backlog, missing].map((id) => flows.delivery(id)?.run)
  assert.deepEqual(runs, [1, 1, 0, 0, 0])
  assert.equal(
    flows.replay()?.sent,
    4,
    'with the one that an earlier try of this page has put there',
  )
})

test('only what the filters want is sent, whenever the subscription was validated', async () => {
  const flows = startReplay({ only: 'missing' })
  flows.change((current) => ({
    ...current,
    validated: timeOfSecond(SECOND - 1),
    filters: { ...current.filters, subject: '/party/1' },
  }))
  const [wanted = ''] = addEvents(flows, 1, 500)
  const other = eventOf(idOf(9, 490), { subject: '/party/2' })
  flows.addEvent({ ...other, event: { ...other.event, subject: '/party/2' } })
  await flows.page()
  assert.deepEqual(
    [flows.delivery(wanted)?.state, flows.delivery(other.id)],
    ['backlog', undefined],
  )
  assert.deepEqual([flows.replay()?.looked, flows.replay()?.sent], [2, 1])
})

test('a page of events is a hundred too, or 8 MB of them', async () => {
  const flows = startReplay({ only: 'missing' })
  const ids = addEvents(flows, 101, 500)
  assert.equal(await flows.page(), 'running')
  assert.equal(flows.replay()?.cursor, ids[99])
  const large = startReplay({ only: 'missing' })
  for (let count = 1; count <= 6; count++) {
    const event = eventOf(idOf(count, 500))
    large.addEvent({ ...event, event: { ...event.event, data: 'x'.repeat(2_000_001) } })
  }
  assert.equal(await large.page(), 'running')
  assert.equal(large.replay()?.looked, 4)
})

test('a page ends before an event whose first fan-out may be under way', async () => {
  const flows = startReplay({ only: 'missing', to: timeOfSecond(SECOND + 5) })
  const [old = ''] = addEvents(flows, 1, 62, { pending: SECOND })
  const [done = ''] = addEvents(flows, 1, 50)
  const [young = ''] = addEvents(flows, 1, 40, { pending: SECOND + 20 })
  addEvents(flows, 1, 30)
  assert.equal(await flows.page(), 'running')
  assert.deepEqual([flows.replay()?.looked, flows.replay()?.cursor], [2, done])
  assert.deepEqual([flows.delivery(old)?.state, flows.delivery(young)], ['backlog', undefined])
  await flows.pass(21)
  assert.equal(await flows.page(), 'done')
  assert.equal(flows.delivery(young)?.state, 'backlog')
})

test('a replay of a subscription that is disabled by now is cancelled', async () => {
  const off: Circuit = { state: 'disabled', reason: '410', since: timeOfSecond(SECOND) }
  assert.equal(await startReplay({}, off).page(), 'cancelled')
  const unvalidated = startReplay()
  unvalidated.change(({ validated: _validated, ...current }) => current)
  await assert.rejects(unvalidated.page(), /not validated/)
})

test('nothing to send starts no drain; where dead ones are looked for, it is made sure of', async () => {
  const missing = startReplay({ only: 'missing' })
  assert.equal(await missing.page(), 'done')
  assert.deepEqual([missing.circuit(), missing.sent.length], [undefined, 0])
  assert.equal(missing.replay()?.cursor, replayOf().cursor)
  const none = startReplay()
  assert.equal(await none.page(), 'done')
  assert.equal(none.circuit()?.state, 'draining')
})

test('a replay that is over stays so, one that is not to be seen comes again', async () => {
  for (const state of ['done', 'cancelled'] as const) {
    const { page, calls } = startReplay({ state })
    assert.deepEqual([await page(), calls.length], [state, 1])
  }
  await assert.rejects(startReplay().page(idOf(1)), /not to be seen/)
})

test('a replay of a deleted subscription is cancelled; of one that only lags it comes again', async () => {
  const gone = startReplay()
  gone.containers.subscriptions.remove('/org/ttd/document-1')
  await assert.rejects(gone.page(), /not to be seen/)
  assert.equal(gone.replay()?.state, 'running')
  gone.store(tombstone(1))
  await gone.pass(4)
  assert.equal(await gone.page(), 'cancelled')
  assert.deepEqual([gone.replay()?.state, gone.replay()?.due], ['cancelled', undefined])
  const old = startReplay({ id: idOf(0, 3700) })
  old.containers.subscriptions.remove('/org/ttd/document-1')
  assert.equal(await old.page(idOf(0, 3700)), 'cancelled')
})

test('a record that is not confirmed has the page come again', async () => {
  const flows = startReplay({ only: 'missing' })
  addEvents(flows, 1, 500)
  flows.services.deliveries.add = () =>
    Promise.resolve({ outcome: 'unconfirmed', session: undefined })
  await assert.rejects(flows.page(), /not confirmed/)
  assert.equal(flows.replay()?.cursor, replayOf().cursor)
})

test('of two copies of a page one asks for the next', async () => {
  const { services, run, deliveries, sentTo, replay } = startReplay()
  deliveries(130, dead, 500)
  const page = () => replayPage(services, { v: 1, subscription: '1', replay: REPLAY })
  await run(Promise.all([page(), page()]))
  assert.equal(sentTo('replayQueue').length, 1)
  assert.equal(replay()?.looked, 100)
})

test('the page of a replay that is overdue is asked for again, and its next time is set', async () => {
  const flows = startReplay()
  await flows.run(sweepReplays(flows.services))
  assert.equal(flows.sentTo('replayQueue').length, 1)
  assert.equal(flows.replay()?.due, SECOND + 60)
  const early = startReplay({ due: SECOND + 10 })
  await early.run(sweepReplays(early.services))
  assert.deepEqual(early.sent, [])
})

test('one delivery that is over is sent once more, at once; one that waits is not', async () => {
  const flows = startReplay()
  const [id = ''] = flows.deliveries(1, dead, 500)
  const stored = flows.delivery(id)
  assert.ok(stored !== undefined)
  const again = await flows.run(sendAgain(flows.services, stored))
  assert.deepEqual([again?.run, again?.state, again?.due], [1, 'waiting', SECOND + 60])
  assert.equal(flows.delivery(id)?.due, SECOND + 60)
  assert.deepEqual(
    flows.sent.map(({ queue, message, delaySeconds }) => [queue, message['run'], delaySeconds]),
    [['retryQueue', 1, 0]],
  )
  const second = await flows.run(sendAgain(flows.services, stored))
  assert.equal(second, undefined, 'another was first')
  const open = { ...stored, ...deliveryOf(id) }
  assert.equal(await flows.run(sendAgain(flows.services, open)), undefined)
  assert.equal(flows.sent.length, 1)
})
