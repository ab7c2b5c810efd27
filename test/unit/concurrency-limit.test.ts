import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../../shared/clock.ts'
import { createConcurrencyLimit } from '../../shared/webhooks/concurrency-limit.ts'

const QUICK = 24
const SLOW = 4

/** A clock that goes on when it is told to. */
function handClock() {
  let now = 1_800_000_000_000
  const timers = new Map<() => void, number>()
  const clock: Clock = {
    now: () => now,
    timeout(ms) {
      const { promise, resolve } = Promise.withResolvers<void>()
      timers.set(resolve, now + ms)
      return { ended: promise, cancel: () => void timers.delete(resolve) }
    },
  }
  return {
    clock,
    timers,
    pass: async (ms: number): Promise<void> => {
      now += ms
      for (const [end, at] of timers) if (at <= now) end()
      await turn()
    },
  }
}

function startLimit() {
  const hand = handClock()
  const limit = createConcurrencyLimit(hand.clock)
  /** Fills the places of a quick subscriber; returns what ends each. */
  const fill = (subscription: string) =>
    Array.from({ length: QUICK }, () => limit.start(subscription))
  /** Asks for a slot; `got` is what came of it, when it has. */
  async function ask(subscription: string) {
    const asked: { got?: 'slot' | 'none'; release: () => void } = { release: () => {} }
    void limit.acquire(subscription).then((release) => {
      asked.got = release === undefined ? 'none' : 'slot'
      asked.release = release ?? asked.release
    })
    await turn()
    return asked
  }
  return { ...hand, limit, fill, ask }
}

test('limits each quick subscriber to 24 open requests, independent of others', async () => {
  const { ask } = startLimit()
  for (let slot = 0; slot < QUICK; slot++) assert.equal((await ask('1')).got, 'slot')
  assert.equal((await ask('1')).got, undefined)
  assert.equal((await ask('2')).got, 'slot')
})

test('a waiting caller gets the next slot, within a second', async () => {
  const { fill, ask, pass, timers } = startLimit()
  const [release = () => {}] = fill('1')
  const [first, second] = [await ask('1'), await ask('1')]
  await pass(999)
  assert.deepEqual([first.got, second.got], [undefined, undefined])
  release()
  await turn()
  assert.deepEqual([first.got, second.got], ['slot', undefined])
  await pass(1)
  assert.equal(second.got, 'none')
  assert.equal(timers.size, 0, 'no timer is left')
})

test('a caller that gave up takes no slot', async () => {
  const { fill, ask, pass } = startLimit()
  const [release = () => {}] = fill('1')
  const first = await ask('1')
  await pass(600)
  const second = await ask('1')
  await pass(400)
  assert.deepEqual([first.got, second.got], ['none', undefined])
  release()
  await turn()
  assert.equal(second.got, 'slot')
})

test('a caller that lost its slot to another waits for the rest of its second', async () => {
  const { limit, fill, ask, pass } = startLimit()
  const [release = () => {}] = fill('1')
  const waiter = await ask('1')
  await pass(600)
  release()
  limit.start('1') // a drain's request, which asks nobody
  await turn()
  assert.equal(waiter.got, undefined)
  await pass(400)
  assert.equal(waiter.got, 'none')
})

test('a subscriber is slow after an answer of more than 2 s: nobody waits for it, and a drain sends 4', async () => {
  const { limit, ask } = startLimit()
  const { release } = await ask('1')
  limit.observeLatency('1', 2000)
  assert.equal(limit.limitOf('1', 2), QUICK)
  limit.observeLatency('1', 2001)
  assert.equal(limit.limitOf('1', 2), SLOW)
  assert.equal((await ask('1')).got, 'none')
  release()
  assert.equal((await ask('1')).got, 'none', 'it is remembered')
  limit.start('1')
  limit.observeLatency('1', 5)
  assert.equal(limit.limitOf('1', 2), QUICK)
  assert.equal((await ask('1')).got, 'slot')
})

test('a subscriber is slow while its oldest request is older than 2 s, and quick after that', async () => {
  const { limit, ask, pass } = startLimit()
  const oldest = await ask('1')
  await pass(1000)
  await ask('1')
  await pass(1000)
  assert.equal(limit.limitOf('1', 2), QUICK)
  await pass(1)
  assert.equal(limit.limitOf('1', 2), SLOW)
  assert.equal((await ask('1')).got, 'none')
  oldest.release()
  assert.equal(limit.limitOf('1', 2), QUICK)
})

test('a drain has what others leave of the limit, and always one request', () => {
  const { limit, fill } = startLimit()
  const releases = fill('1')
  assert.deepEqual(
    [0, 1, 10, QUICK].map((own) => limit.limitOf('1', own)),
    [1, 1, 10, QUICK],
  )
  releases.slice(4).forEach((release) => release())
  assert.equal(limit.limitOf('1'), QUICK - 4)
})

test('retries take four slots, whatever else is open', async () => {
  const { limit, ask, pass } = startLimit()
  for (let count = 0; count < 10; count++) limit.start('1')
  for (let count = 0; count < 4; count++) assert.ok(await limit.acquire('1', { isRetry: true }))
  const waiter = limit.acquire('1', { isRetry: true })
  await turn()
  await pass(1000)
  assert.equal(await waiter, undefined)
  assert.equal((await ask('1')).got, 'slot')
})

test('a slot that is released goes to the first who may take it', async () => {
  const { limit } = startLimit()
  for (let count = 0; count < 4; count++) await limit.acquire('1', { isRetry: true })
  const [release = () => {}] = Array.from({ length: 20 }, () => limit.start('1'))
  const got: string[] = []
  void limit.acquire('1', { isRetry: true }).then((slot) => slot && got.push('retry'))
  void limit.acquire('1').then((slot) => slot && got.push('first attempt'))
  await turn()
  release()
  await turn()
  assert.deepEqual(got, ['first attempt'])
})

test('a waiting caller gives up when the subscriber becomes slow', async () => {
  const { fill, ask, pass } = startLimit()
  const [release = () => {}] = fill('1')
  await pass(1999)
  const waiter = await ask('1')
  await pass(2)
  release()
  await turn()
  assert.equal(waiter.got, 'none')
})

test('an unknown subscriber is quick, and keeps no latency', () => {
  const { limit } = startLimit()
  limit.observeLatency('1', 9000)
  assert.equal(limit.limitOf('1'), QUICK)
})

test('forgets a healthy subscriber after its last request', async () => {
  const { limit, ask } = startLimit()
  const [one, other] = [await ask('1'), await ask('1')]
  one.release()
  limit.observeLatency('1', 1500)
  other.release()
  limit.observeLatency('1', 9000) // nobody is known by this name now
  assert.equal(limit.limitOf('1'), QUICK)
})

test('remembers a slow subscriber for a minute', async () => {
  const { limit, ask, pass } = startLimit()
  const { release } = await ask('1')
  limit.observeLatency('1', 9000)
  release()
  await pass(59_999)
  assert.deepEqual([limit.limitOf('1'), (await ask('1')).got], [SLOW, 'none'])
  await pass(1)
  assert.deepEqual([limit.limitOf('1'), (await ask('1')).got], [QUICK, 'slot'])
})

test('two requests that end together let two callers in', async () => {
  const { fill, ask } = startLimit()
  const [one = () => {}, other = () => {}] = fill('1')
  const waiters = [await ask('1'), await ask('1')]
  one()
  other()
  await turn()
  assert.deepEqual(
    waiters.map(({ got }) => got),
    ['slot', 'slot'],
  )
})
