import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boundAt } from '../../shared/events/event-id.ts'
import { drainSubscription } from '../../shared/flows/drain.ts'
import { message } from './drain-fixture.ts'
import { SECOND, timeOfSecond } from './flow-fixture.ts'
import { subscription, tombstone } from './subscription-fixture.ts'
import { addEvents, dead, replayOf, startReplay } from './replay-fixture.ts'

const EARLIER = `${boundAt((SECOND - 5) * 1000)}7000-8000-000000000000`

/** Handles a page, and returns what a second copy of its message does, which has read the replay before. */
async function startRepeatedPage(flows: ReturnType<typeof startReplay>, id: string) {
  const first = flows.replay(id)
  assert.ok(first)
  await flows.page(id)
  return async () => {
    flows.containers.replays.replace(`1/${id}`, flows.replay(id)?._etag ?? '', () => first)
    await flows.page(id)
  }
}

/** Puts the replay back to before its page, as where the process died before it stored that. */
function rewind(flows: ReturnType<typeof startReplay>, state: 'running' | 'cancelled'): void {
  const { id, cursor } = replayOf()
  const etag = flows.replay()?._etag ?? ''
  flows.containers.replays.replace(`1/${id}`, etag, (current) => ({ ...current, cursor, state }))
}

/** Has a delivery end as dead. */
function end(flows: ReturnType<typeof startReplay>, id: string): void {
  const etag = flows.delivery(id)?._etag ?? ''
  flows.containers.deliveries.replace(`1/${id}`, etag, (stored) => ({ ...stored, ...dead }))
  assert.equal(flows.delivery(id)?.state, 'dead')
}

function drainOf(flows: ReturnType<typeof startReplay>): Promise<string> {
  const token = String(flows.sentTo('drainQueue')[0]?.message['token'])
  return flows.run(drainSubscription(flows.services, { ...message, token }))
}

test('a repeated page of `all` sends nothing twice, though what it sent was delivered within its first second', async () => {
  const id = `${boundAt(SECOND * 1000 + 100)}7000-8000-000000000000`
  const flows = startReplay({ id, only: 'all' })
  const [known = ''] = flows.deliveries(1, { state: 'delivered', firstAttempt: SECOND - 9 })
  const [missing = ''] = addEvents(flows, 1, 60)
  const repeat = await startRepeatedPage(flows, id)
  await drainOf(flows)
  assert.equal(flows.requests.length, 2)
  assert.equal(flows.delivery(known)?.firstAttempt, SECOND)
  await repeat()
  const runs = [known, missing].map((each) => flows.delivery(each)?.run)
  assert.deepEqual(runs, [1, 0])
})

test('a repeated page of `all` sends nothing twice that waited when the replay began, and has arrived since', async () => {
  const flows = startReplay({ id: EARLIER, only: 'all' })
  const [waits = ''] = flows.deliveries(1, {}, 600)
  const repeat = await startRepeatedPage(flows, EARLIER)
  await drainOf(flows)
  assert.deepEqual([flows.requests.length, flows.delivery(waits)?.state], [1, 'delivered'])
  await repeat()
  assert.equal(flows.delivery(waits)?.run, 0)
})

test('`all` does not send again what has arrived since the replay began, and sends what arrived before', async () => {
  const flows = startReplay({ id: EARLIER, only: 'all' })
  const arrived = (second: number, age: number, ms = 20) => {
    const latest = { at: timeOfSecond(second), ms, status: 200 }
    return flows.deliveries(1, { state: 'delivered', attempts: [latest] }, age)[0] ?? ''
  }
  const ids = [arrived(SECOND - 2, 600), arrived(SECOND - 8, 550, 6000), arrived(SECOND - 8, 500)]
  await flows.page(EARLIER)
  const runs = ids.map((id) => flows.delivery(id)?.run)
  assert.deepEqual(runs, [0, 0, 1])
})

test('a repeated page of `dead` begins no other run of what it has sent, and what has died again', async () => {
  const flows = startReplay({ id: EARLIER, only: 'dead' })
  const [one = ''] = flows.deliveries(1, dead, 600)
  const repeat = await startRepeatedPage(flows, EARLIER)
  end(flows, one)
  await repeat()
  assert.equal(flows.delivery(one)?.run, 1)
})

test('a repeated page of `all` begins no other run of an event that it has sent, and that has died since', async () => {
  const flows = startReplay({ id: EARLIER, only: 'all' })
  const [one = ''] = addEvents(flows, 1, 60)
  const repeat = await startRepeatedPage(flows, EARLIER)
  end(flows, one)
  await repeat()
  assert.equal(flows.delivery(one)?.run, 0)
})

test('a repeated page of `dead` that finds all of it sent starts a drain: the run before may have sent it too late for its own', async () => {
  const flows = startReplay()
  const [id = ''] = flows.deliveries(1, dead)
  const repeat = await startRepeatedPage(flows, replayOf().id)
  flows.change(({ circuit: _closed, ...stored }) => stored) // as it is a minute after its drain found nothing
  assert.equal(flows.delivery(id)?.state, 'backlog')
  await repeat()
  assert.equal(flows.circuit()?.state, 'draining')
})

test('what an interrupted page has sent too late for its own drain has one, though the replay is cancelled before the page is repeated', async () => {
  const flows = startReplay()
  const [id = ''] = flows.deliveries(1, dead)
  await flows.page()
  flows.change(({ circuit: _closed, ...stored }) => stored) // its drain has found nothing
  rewind(flows, 'cancelled')
  await flows.page()
  assert.equal(flows.delivery(id)?.state, 'backlog')
  assert.equal(flows.circuit()?.state, 'draining')
})

test('what an interrupted page has sent too late is ended, though its subscription is disabled before the page is repeated', async () => {
  const flows = startReplay()
  flows.deliveries(1, dead)
  await flows.page()
  rewind(flows, 'running')
  flows.change((stored) => ({
    ...stored,
    circuit: { state: 'disabled', reason: '410', since: timeOfSecond(SECOND) }, // its deliveries have ended
  }))
  await flows.pass(120)
  assert.equal(await flows.page(), 'cancelled')
  const circuit = flows.circuit()
  assert.ok(
    circuit?.state === 'disabled' && circuit.lease !== undefined,
    'its deliveries are ended again',
  )
})

for (const state of ['running', 'cancelled'] as const)
  test(`what an interrupted page has sent too late is cancelled, though its subscription is deleted before the page is repeated: ${state}`, async () => {
    const flows = startReplay()
    const [id = ''] = flows.deliveries(1, dead)
    await flows.page()
    rewind(flows, state)
    flows.containers.subscriptions.remove('/org/ttd/document-1')
    flows.store(tombstone(1)) // its deliveries are cancelled
    await flows.pass(120)
    assert.equal(flows.delivery(id)?.state, 'backlog')
    assert.equal(await flows.page(), 'cancelled')
    assert.equal(flows.delivery(id)?.state, 'cancelled')
  })

test('what an interrupted page has sent too late is cancelled, though only the repeated page finds its subscription deleted', async () => {
  const flows = startReplay()
  const [sent = ''] = flows.deliveries(1, dead, 600)
  await flows.page()
  rewind(flows, 'running')
  const [unsent = ''] = flows.deliveries(1, dead, 500)
  const { subscriptions } = flows.services
  const byNumber = async (number: number) => {
    const found = await subscriptions.byNumber(number)
    flows.containers.subscriptions.remove('/org/ttd/document-1')
    flows.store(tombstone(1)) // its deliveries are cancelled
    return found
  }
  flows.services.subscriptions = { ...subscriptions, byNumber }
  await flows.page()
  assert.deepEqual(
    [sent, unsent].map((id) => flows.delivery(id)?.state),
    ['cancelled', 'dead'],
  )
})

test('what an interrupted page has sent too late is cancelled by one read of it, which a replica that lags may not repeat', async () => {
  const flows = startReplay({ state: 'cancelled' })
  const ids = flows.deliveries(3, { state: 'backlog' })
  flows.containers.subscriptions.remove('/org/ttd/document-1')
  flows.store(tombstone(1)) // its deliveries are cancelled
  const { page } = flows.services.deliveries
  let reads = 0
  flows.services.deliveries.page = (...of) => (reads++ === 0 ? page(...of) : Promise.resolve([]))
  await flows.page()
  const states = ids.map((id) => flows.delivery(id)?.state)
  assert.deepEqual(states, ['cancelled', 'cancelled', 'cancelled'])
})

test('what an interrupted page has sent too late is cancelled, though another subscription has taken the place of its own', async () => {
  const flows = startReplay({ state: 'cancelled' })
  const [id = ''] = flows.deliveries(1, { state: 'backlog' })
  flows.containers.subscriptions.remove('/org/ttd/document-1')
  flows.store({ ...subscription(2), id: 'document-1' }) // before this process reads the index
  await flows.page()
  assert.equal(flows.delivery(id)?.state, 'cancelled')
})

test('what an interrupted page has sent too late is cancelled, though nothing is left of its subscription', async () => {
  const flows = startReplay()
  const [id = ''] = flows.deliveries(1, { state: 'backlog' })
  flows.containers.subscriptions.remove('/org/ttd/document-1')
  await assert.rejects(flows.page(), /not visible/)
  await flows.pass(3600)
  assert.equal(await flows.page(), 'cancelled')
  assert.equal(flows.delivery(id)?.state, 'cancelled')
})

test('what an interrupted page of events has sent too late has a drain, though its event is erased before the page is repeated', async () => {
  const flows = startReplay({ only: 'missing' })
  const [id = ''] = addEvents(flows, 1, 60)
  await flows.page()
  flows.change(({ circuit: _closed, ...stored }) => stored) // its drain has found nothing
  rewind(flows, 'running')
  flows.eraseEvent(id)
  await flows.page()
  assert.equal(flows.delivery(id)?.state, 'backlog')
  assert.deepEqual([flows.circuit()?.state, flows.replay()?.sent], ['draining', 1])
})
