import assert from 'node:assert/strict'
import { newReplay } from '../../shared/deliveries/replay-store.ts'
import { id, type StoresUnderTest } from './contract-fixture.ts'

export async function replayStoreContract({
  stores: { replays: store },
  runCall,
}: StoresUnderTest): Promise<void> {
  const request = {
    only: 'all' as const,
    from: '2030-01-01T00:00:00.000Z',
    to: '2030-01-02T00:00:00.000Z',
  }
  assert.equal((await runCall(store.add(newReplay(id(1), '7', request, 200)))).outcome, 'created')
  assert.equal((await runCall(store.add(newReplay(id(1), '7', request, 200)))).outcome, 'exists')
  await runCall(store.add(newReplay(id(2), '7', request, 100)))
  await runCall(store.add(newReplay(id(3), '8', request, 300)))
  const overdue = async (now: number) => (await runCall(store.overdue(now))).map((each) => each.id)
  assert.deepEqual(await overdue(200), [id(2), id(1)])
  const found = await runCall(store.find('7', id(2)))
  assert.ok(found)
  const { due: _due, ...over } = found
  assert.equal((await runCall(store.save({ ...over, state: 'done' }))).outcome, 'written')
  assert.equal((await runCall(store.save(found))).outcome, 'changed')
  assert.deepEqual(await overdue(200), [id(1)])
  assert.equal((await runCall(store.find('7', id(2))))?.state, 'done')
  assert.equal(await runCall(store.find('8', id(2))), undefined)
}
