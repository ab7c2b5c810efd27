import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deleted, SECOND, startIndex, written } from './index-fixture.ts'

test('reads everything first, and again when the last refresh is older than 3 s', async () => {
  const { clock, store, numbers } = startIndex(written(SECOND - 500, 1), written(SECOND - 20, 2))
  assert.deepEqual(store.asked, [], 'nothing is asked before it is used')
  assert.deepEqual(await numbers(), [1, 2])
  clock.now += 3000
  await numbers()
  assert.deepEqual(store.asked, [0])
  clock.now += 1
  await numbers()
  assert.deepEqual(store.asked, [0, SECOND - 30], 'from the newest change seen, less 10 s')
})

test('knows a subscription validated during a refresh of 14 s', async () => {
  const { clock, store, numbers } = startIndex(written(SECOND - 900, 1), written(SECOND - 800, 2))
  store.pageMs = 4667
  store.onPage = (number) => {
    store.onPage = () => {}
    store.pageMs = 0
    assert.equal(number, 1)
    clock.now += 9334
    // Its place in the order has been passed; and what is read next was written later than it.
    store.changes = [written(SECOND + 8, 1), written(SECOND + 13, 2)]
  }
  await numbers()
  const validated = store.changes[0]?._ts ?? 0
  assert.ok(
    (store.asked.at(-1) ?? 0) <= validated,
    'the next check reads what was written meanwhile',
  )
})

test('knows a subscription written while later pages are read', async () => {
  const { clock, store, numbers } = startIndex(written(SECOND - 900, 2), written(SECOND - 800, 3))
  store.onPage = () => {
    store.onPage = () => {}
    clock.now += 14_000
    store.changes = [written(SECOND + 1, 1), ...store.changes, written(SECOND + 13, 4)]
  }
  assert.deepEqual(await numbers(), [1, 2, 3, 4])
  assert.deepEqual(store.asked, [0, SECOND - 70])
})

test('repeats a refresh that took too long, and throws after the last', async () => {
  const { store, numbers } = startIndex(written(SECOND - 900, 1))
  store.pageMs = 5001
  await assert.rejects(numbers(), /cannot be read/)
  assert.equal(store.asked.length, 3, 'three loads, none of them young enough')
  store.pageMs = 1500
  assert.deepEqual(await numbers(), [1])
})

test('keeps the pages read before one that failed', async () => {
  const { store, index, numbers } = startIndex(written(SECOND - 30, 1), written(SECOND - 20, 2))
  store.onPage = () => void (store.down = true)
  await assert.rejects(numbers(), { cause: new Error('down') })
  Object.assign(store, { down: false, changes: [], onPage: () => {} })
  assert.deepEqual(await numbers(), [1])
  assert.deepEqual(store.asked, [0, 0], 'what was not read is read again')
  assert.equal(index.isDeleted(1), false)
})

test('stops reading a burst again after it', async () => {
  const burst = Array.from({ length: 100 }, (_, index) => written(SECOND - 1, index + 1))
  const { clock, store, numbers } = startIndex(...burst)
  await numbers()
  for (let minutes = 0; minutes < 8; minutes++) {
    clock.now += 60_000
    await numbers()
  }
  store.read = 0
  clock.now += 60_000
  assert.equal((await numbers()).length, 100)
  assert.equal(store.read, 0)
  assert.deepEqual(
    store.asked.map((since) => since - SECOND),
    [0 - SECOND, -11, -10 - 360, 50, 110 - 360, 170, 230 - 360, 290, 350 - 360, 410],
    'the overlap, what the clock may be ahead of the store’s, and every other time six minutes',
  )
})

test('counts the overlap from the store’s clock if ours is ahead, and from ours if it is behind', async () => {
  const { clock, store, numbers } = startIndex(written(SECOND + 300, 1))
  await numbers()
  clock.now += 3001
  await numbers()
  assert.equal(store.asked.at(-1), SECOND - 10, 'ours is behind')
})

test('`since` never goes back', async () => {
  const { clock, store, numbers } = startIndex(written(SECOND, 1))
  await numbers()
  clock.now += 3001
  await numbers()
  clock.now -= 100_000 // the clock was set
  await numbers()
  clock.now += 3001
  store.asked = []
  await numbers()
  clock.now += 200_000
  await numbers()
  assert.ok(
    store.asked.every((since) => since >= SECOND - 10 - 360),
    String(store.asked),
  )
})

test('knows a subscription whose write becomes visible five minutes late, within a minute', async () => {
  const { clock, store, numbers } = startIndex(written(SECOND - 10, 1))
  await numbers()
  clock.now += 200_000
  store.changes.push(written(SECOND + 190, 2))
  assert.deepEqual(await numbers(), [1, 2])
  store.changes.push(written(SECOND - 100, 3)) // 300 s ago
  for (let seconds = 0; seconds <= 60; seconds += 4) {
    clock.now += 4000
    if ((await numbers()).length === 3) return
  }
  assert.fail('it is not known after a minute')
})

test('a failure to read older writes again does not keep it from the newest', async () => {
  const { clock, store, numbers } = startIndex(written(SECOND - 10, 1))
  await numbers()
  clock.now += 61_000
  store.down = true
  await assert.rejects(numbers(), /cannot be read/)
  store.down = false
  assert.deepEqual(await numbers(), [1])
  assert.deepEqual(
    store.asked.map((since) => since - SECOND),
    [-SECOND, -20 - 360, -20],
  )
})

test('reads a change that becomes visible up to 10 s late; a tombstone removes', async () => {
  const { clock, store, numbers } = startIndex(written(SECOND - 10, 1))
  assert.deepEqual(await numbers(), [1])
  store.changes.push(written(SECOND - 20, 2), deleted(SECOND, 1))
  clock.now += 3001
  assert.deepEqual(await numbers(), [2])
  store.changes.push(written(SECOND - 5, 3), written(SECOND - 10, 1)) // the last from a replica that lags
  clock.now += 3001
  assert.deepEqual(await numbers(), [2, 3])
  assert.deepEqual(
    store.asked.map((since) => Math.max(0, since - SECOND + 100)),
    [0, 80, 90],
  )
})

test('holds for 5 s after its last refresh while the store is down, then throws', async () => {
  const { clock, store, numbers } = startIndex(written(SECOND, 1))
  await numbers()
  store.down = true
  clock.now += 3001
  assert.deepEqual(await numbers(), [1])
  clock.now += 1999
  assert.deepEqual(await numbers(), [1])
  clock.now += 1
  await assert.rejects(numbers(), { cause: new Error('down') })
  store.down = false
  assert.deepEqual(await numbers(), [1])
  assert.equal(store.asked.length, 5)
})

test('throws at once if never read', async () => {
  const { store, numbers } = startIndex()
  store.down = true
  await assert.rejects(numbers(), /cannot be read/)
  assert.equal(store.asked.length, 1)
})

test('a writer sees its change at the next call, even during a refresh', async () => {
  const { store, index, numbers } = startIndex(written(SECOND, 1))
  await numbers()
  store.changes = [written(SECOND, 2)]
  assert.deepEqual(await numbers(), [1])
  index.invalidate()
  assert.deepEqual(await numbers(), [1, 2])
  index.invalidate()
  store.onPage = () => {
    store.onPage = () => {}
    store.changes = [written(SECOND, 3)]
    index.invalidate()
  }
  assert.deepEqual(await numbers(), [1, 2, 3])
  assert.equal(store.asked.length, 4)
})

test('concurrent callers after an own change all see it', async () => {
  const { store, index, numbers } = startIndex(written(SECOND, 1))
  await numbers()
  store.changes = [written(SECOND, 2)]
  index.invalidate()
  const all = await Promise.all([numbers(), numbers(), numbers()])
  assert.deepEqual(all, [
    [1, 2],
    [1, 2],
    [1, 2],
  ])
})

test('concurrent callers cause one query, and all fail with it', async () => {
  const { clock, store, numbers } = startIndex(written(SECOND, 1))
  const all = () => Promise.allSettled(Array.from({ length: 50 }, numbers))
  for (const answer of await all()) assert.deepEqual(answer, { status: 'fulfilled', value: [1] })
  assert.equal(store.asked.length, 1)
  store.down = true
  clock.now += 5001
  for (const { status } of await all()) assert.equal(status, 'rejected')
  assert.equal(store.asked.length, 2)
})
