import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boundAt } from '../../shared/events/event-id.ts'
import { eventOf, idOf, SECOND, timeOfSecond } from './flow-fixture.ts'
import { startReplay, dead, addEvents } from './replay-fixture.ts'
import { tombstone } from './subscription-fixture.ts'

test('events without a delivery get one, others keep theirs', async () => {
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
    [flows.replay()?.examined, flows.replay()?.sent, flows.replay()?.cursor],
    [5, 2, copy],
  )
  assert.equal(flows.circuit()?.state, 'draining')
  assert.deepEqual(
    flows.calls.filter((call) => missing.some((id) => call === `read 1/${id}`)),
    [],
    'one write, and no read',
  )
})

test('`all` starts a new run of ended deliveries, and leaves open ones', async () => {
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

test('sends only what the filters match, whenever the subscription was validated', async () => {
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
  assert.deepEqual([flows.replay()?.examined, flows.replay()?.sent], [2, 1])
})

test('a page of events has at most a hundred, or 8 MB', async () => {
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
  assert.equal(large.replay()?.examined, 4)
})

test('a page ends before an event whose first fan-out may be under way', async () => {
  const flows = startReplay({ only: 'missing', to: timeOfSecond(SECOND + 5) })
  const [old = ''] = addEvents(flows, 1, 62, { pending: SECOND })
  const [done = ''] = addEvents(flows, 1, 50)
  const [young = ''] = addEvents(flows, 1, 40, { pending: SECOND + 20 })
  addEvents(flows, 1, 30)
  assert.equal(await flows.page(), 'running')
  assert.deepEqual([flows.replay()?.examined, flows.replay()?.cursor], [2, done])
  assert.deepEqual([flows.delivery(old)?.state, flows.delivery(young)], ['backlog', undefined])
  await flows.pass(21)
  assert.equal(await flows.page(), 'done')
  assert.equal(flows.delivery(young)?.state, 'backlog')
})

test('sends no repeat of a generic event that its fan-out has not compared yet', async () => {
  const flows = startReplay({ only: 'missing' })
  const waiting = { pending: SECOND, publisher: '/org/skd' }
  const [first = '', repeat = ''] = addEvents(flows, 2, 500, waiting)
  flows.services.idempotency.reserveName = () => Promise.resolve(first)
  assert.equal(await flows.page(), 'done')
  assert.deepEqual([flows.delivery(first)?.state, flows.delivery(repeat)], ['backlog', undefined])
  assert.equal(flows.replay()?.sent, 1)
  const unconfirmed = startReplay({ only: 'missing' })
  unconfirmed.services.idempotency.reserveName = () => Promise.resolve(undefined)
  addEvents(unconfirmed, 1, 500, waiting)
  await assert.rejects(unconfirmed.page(), /cannot be compared/)
})

test('a page of a subscription that is deleted meanwhile leaves nothing in the backlog', async () => {
  for (const place of ['before', 'after'] as const) {
    const flows = startReplay({ only: 'missing' })
    const ids = addEvents(flows, 3, 300)
    const remove = () => {
      flows.containers.subscriptions.remove('/org/ttd/document-1')
      flows.store(tombstone(1))
    }
    const { ofResource } = flows.services.events
    flows.services.events.ofResource = async (...range) => {
      const last = await ofResource(...range)
      if (place === 'before') remove()
      return last
    }
    const { add } = flows.services.deliveries
    flows.services.deliveries.add = (delivery) => {
      if (place === 'after' && delivery.id === ids[0]) remove()
      return add(delivery)
    }
    await flows.page()
    const states = ids.map((id) => flows.delivery(id)?.state)
    assert.ok(!states.includes('backlog'), states.join())
  }
})

test('a replica that still shows the subscription disabled cancels no replay', async () => {
  const off = { state: 'disabled', reason: '410', since: timeOfSecond(SECOND - 5000) } as const
  const flows = startReplay({ only: 'missing' }, off)
  addEvents(flows, 2, 300)
  await assert.rejects(flows.page(), /not visible/)
  assert.equal(flows.replay()?.state, 'running')
})

test('`missing` leaves out events whose delivery may have expired; `all` sends them', async () => {
  const day = 86_400
  for (const [only, sent] of [
    ['missing', [false, true]],
    ['all', [true, true]],
  ] as const) {
    const from = timeOfSecond(SECOND - 2 * day)
    const flows = startReplay({ only, from, cursor: boundAt((SECOND - 2 * day) * 1000) })
    const events = [day + 1900, day].flatMap((age) => addEvents(flows, 1, age))
    assert.equal(await flows.page(), 'done')
    const inBacklog = events.map((id) => flows.delivery(id) !== undefined)
    assert.deepEqual(inBacklog, sent, only)
    const replay = flows.replay()
    assert.deepEqual([replay?.examined, replay?.sent], [2, sent.filter(Boolean).length])
  }
})

test('what its owner sends again in the moment that a replay would is not counted as sent by it', async () => {
  const flows = startReplay()
  const [id = ''] = flows.deliveries(1, dead)
  const { save } = flows.services.deliveries
  flows.services.deliveries.save = async (document) => {
    const etag = flows.delivery(id)?._etag ?? ''
    flows.containers.deliveries.replace(`1/${id}`, etag, (stored) => ({
      ...stored,
      state: 'waiting',
    }))
    return save(document)
  }
  await flows.page()
  assert.deepEqual([flows.delivery(id)?.state, flows.replay()?.sent], ['waiting', 0])
})
