import assert from 'node:assert/strict'
import { test } from 'node:test'
import { replayPage } from '../../shared/flows/replay.ts'
import { circuitOf } from './circuit-fixture.ts'
import { next } from './drain-fixture.ts'
import { idOf, SECOND, timeOfSecond } from './flow-fixture.ts'
import { startOrdered } from './ordered-fixture.ts'
import { replayOf } from './replay-fixture.ts'

const HOUR = 3600
const RETENTION = 24 * HOUR // of the simulated service

test('an event that a replay sends again has its number while its delivery is kept, then the next one', async () => {
  const flows = startOrdered()
  const [first = '', second = ''] = flows.addMany(2, 1)
  await flows.drain()
  await drainAll(flows)
  await flows.pass(RETENTION)
  await replayAll(flows)
  await drainAll(flows)
  await flows.pass(RETENTION + 2 * HOUR)
  assert.equal(flows.delivery(first), undefined)
  await replayAll(flows)
  await drainAll(flows)
  assert.deepEqual(flows.numbered(), [
    [first, '1'],
    [second, '2'],
    [first, '1'],
    [second, '2'],
    [first, '3'],
    [second, '4'],
  ])
})

test('a replay numbers anew, in order, also what has waited for its event meanwhile', async () => {
  const flows = startOrdered()
  const [first = '', second = ''] = flows.addMany(2, 1)
  await flows.drain()
  await drainAll(flows)
  await flows.pass(RETENTION + 2 * HOUR)
  await replayAll(flows)
  const missingSince = flows.seconds()
  for (const id of [first, second]) {
    const { _etag: etag = '' } = flows.delivery(id) ?? {}
    flows.containers.deliveries.replace(`1/${id}`, etag, (stored) => ({ ...stored, missingSince }))
  }
  await drainAll(flows)
  assert.deepEqual(flows.numbered().slice(2), [
    [first, '3'],
    [second, '4'],
  ])
})

test('what a replay sends whose delivery is not kept holds up what comes after it once it has begun', async () => {
  const flows = startOrdered()
  const [first = ''] = flows.addMany(1, 1)
  await flows.drain()
  await drainAll(flows)
  await flows.pass(RETENTION + 2 * HOUR)
  const another = flows.add(idOf(2), 2)
  const later = flows.add(idOf(3), 1)
  flows.endpoint.react = (event) => ({ status: event === first ? 500 : 200 })
  flows.requests.length = 0
  await replayAll(flows)
  await next(flows)
  assert.deepEqual(new Set(flows.numbered().map(String)), new Set([`${first},2`, `${another},1`]))
  assert.equal(flows.delivery(later)?.state, 'backlog')
})

/** Replays all events, as the owner asks for it now, into the backlog. */
async function replayAll(flows: ReturnType<typeof startOrdered>): Promise<void> {
  const id = idOf(0, SECOND - flows.seconds())
  const replay = replayOf({ id, only: 'all', to: timeOfSecond(flows.seconds()) })
  flows.containers.replays.insert(`1/${id}`, replay)
  const message = { v: 1, subscription: '1', replay: id } as const
  assert.equal(await flows.run(replayPage(flows.services, message)), 'done')
}

async function drainAll(flows: ReturnType<typeof startOrdered>): Promise<void> {
  for (let checks = 0; checks < 20 && circuitOf(flows) !== undefined; checks++) await next(flows)
}
