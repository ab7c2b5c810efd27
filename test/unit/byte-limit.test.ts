import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createByteLimit, SMALL_BYTES } from '../../shared/byte-limit.ts'

const MB = 1_000_000
const nothing = () => {}

/** A limit of 10 MB, and who has got bytes from it, in order. */
function startLimit() {
  const limit = createByteLimit(10 * MB)
  const got: string[] = []
  const releases = new Map<string, () => void>()
  async function ask(name: string, bytes: number) {
    void limit.acquire(bytes).then((release) => {
      got.push(name)
      releases.set(name, release)
    })
    await turn()
  }
  async function end(name: string) {
    releases.get(name)?.()
    await turn()
  }
  return { limit, got, ask, end }
}

test('holds as many bytes as the limit, and those that wait in their order', async () => {
  const { got, ask, end } = startLimit()
  await ask('a', 6 * MB)
  await ask('b', 4 * MB)
  await ask('large', 7 * MB)
  await ask('c', MB)
  assert.deepEqual(got, ['a', 'b'])
  await end('b') // 4 MB are free: enough for c, which comes after the large one's
  assert.deepEqual(got, ['a', 'b'])
  await end('a')
  assert.deepEqual(got, ['a', 'b', 'large', 'c'])
})

test('holds what is larger than the limit alone', async () => {
  const { got, ask, end } = startLimit()
  await ask('a', MB)
  await ask('huge', 11 * MB)
  assert.deepEqual(got, ['a'])
  await end('a')
  await ask('b', MB)
  assert.deepEqual(got, ['a', 'huge'])
  await end('huge')
  assert.deepEqual(got, ['a', 'huge', 'b'])
})

test('has what is small wait for nothing, and counts none of it', async () => {
  const { limit, got, ask } = startLimit()
  for (let count = 0; count < 2000; count++) limit.hold(SMALL_BYTES)
  await ask('a', 10 * MB)
  await ask('b', SMALL_BYTES + 1)
  await ask('small', SMALL_BYTES)
  assert.deepEqual(got, ['a', 'small'])
})

test('counts what is held whatever the limit', async () => {
  const { limit, got, ask } = startLimit()
  const release = limit.hold(20 * MB)
  await ask('a', MB)
  assert.deepEqual(got, [])
  release()
  await turn()
  assert.deepEqual(got, ['a'])
})

test('tries without waiting, and never before those that wait', async () => {
  const { limit, ask, end } = startLimit()
  assert.ok(limit.tryAcquire(MB))
  await ask('a', 5 * MB)
  assert.equal(limit.tryAcquire(5 * MB), undefined)
  await ask('b', 5 * MB)
  assert.equal(limit.tryAcquire(MB), undefined)
  await end('a')
  assert.ok(limit.tryAcquire(MB))
})

test('gives up at the end of a wait, and lets those behind go on', async () => {
  const { limit, got, ask } = startLimit()
  await ask('a', 6 * MB)
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  const given = limit.acquireBefore(ended, 6 * MB)
  await ask('b', 4 * MB)
  assert.deepEqual(got, ['a'])
  end()
  assert.equal(await given, undefined)
  await turn()
  assert.deepEqual(got, ['a', 'b'])
})

test('gives no bytes to who has given up, and gives them where both come at once', async () => {
  const { limit, ask, end, got } = startLimit()
  await ask('a', 10 * MB)
  const { promise: ended, resolve: giveUp } = Promise.withResolvers<void>()
  const given = limit.acquireBefore(ended, 10 * MB)
  giveUp()
  await end('a')
  const release = await given
  await ask('b', 10 * MB)
  assert.deepEqual(got, release === undefined ? ['a', 'b'] : ['a'])
  ;(release ?? nothing)()
  await turn()
  assert.deepEqual(got, ['a', 'b'])
})
