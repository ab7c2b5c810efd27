import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redrive } from '../../shared/flows/redrive.ts'
import { claimSeconds } from '../../shared/flows/sweep-events.ts'

/**
 * Redrives pages of what is overdue with a clock that stands, or moves by `tick` with each item; `max` is how many were
 * under way at once.
 */
async function redrivePages(
  pages: number[][],
  work: (item: number) => Promise<boolean>,
  { now = 0, endMs = 0, tick = 0 } = {},
) {
  const seen = { done: new Array<number>(), pages: 0, max: 0, open: 0 }
  const one = async (item: number) => {
    seen.max = Math.max(seen.max, ++seen.open)
    await Promise.resolve()
    seen.open--
    seen.done.push(item)
    return work(item)
  }
  const overdue = () => Promise.resolve(pages[seen.pages++] ?? [])
  const sent = redrive(
    {
      clock: {
        now: () => now + tick * seen.done.length,
        timeout: () => ({ ended: Promise.resolve(), cancel() {} }),
      },
    },
    overdue,
    one,
    endMs,
  )
  return { seen, sent: await sent.catch(String) }
}

test('redrives page after page until none is left, and counts what it sent', async () => {
  const { seen, sent } = await redrivePages([[1, 2, 3], [4], []], (item) =>
    Promise.resolve(item !== 2),
  )
  assert.deepEqual([seen.done, seen.pages, sent], [[1, 2, 3, 4], 3, 3])
})

test('redrives sixteen at once', async () => {
  const page = Array.from({ length: 60 }, (_, item) => item)
  const { seen, sent } = await redrivePages([page], () => Promise.resolve(true))
  assert.deepEqual([seen.max, sent], [16, 60])
})

test('begins no page after its time', async () => {
  const pages = [[1], [2], [3]]
  const done = () => Promise.resolve(true)
  assert.equal((await redrivePages(pages, done, { now: 8, endMs: 8 })).seen.done.length, 3)
  assert.equal((await redrivePages(pages, done, { now: 9, endMs: 8 })).seen.pages, 0)
})

test('begins nothing of a page after its time', async () => {
  const page = Array.from({ length: 100 }, (_, item) => item)
  const { seen } = await redrivePages([page, page], () => Promise.resolve(true), {
    endMs: 30,
    tick: 1,
  })
  assert.ok(seen.done.length > 30 && seen.done.length <= 30 + 16, `${seen.done.length}`)
})

test('redrives five pages in a run, and leaves the others to the next', async () => {
  const pages = Array.from({ length: 9 }, (_, page) => [page])
  const { seen, sent } = await redrivePages(pages, () => Promise.resolve(true))
  assert.deepEqual([seen.pages, seen.done, sent], [5, [0, 1, 2, 3, 4], 5])
})

test('a failure stops no other and is thrown at the end; a page of failures is the last', async () => {
  const fails = (item: number) =>
    item % 2 === 0 ? Promise.reject(new Error(`${item} fails`)) : Promise.resolve(true)
  const some = await redrivePages(
    [
      [1, 2, 3],
      [4, 5],
    ],
    fails,
  )
  assert.deepEqual(some.seen.done, [1, 2, 3, 4, 5])
  assert.match(String(some.sent), /2 fails/)
  const all = await redrivePages([[2, 4], [1]], fails)
  assert.deepEqual([all.seen.done, all.seen.pages], [[2, 4], 1])
})

test('however many failures stop nothing of their page, and no later page', async () => {
  const failing = Array.from({ length: 40 }, () => 2)
  const fails = (item: number) =>
    item === 2 ? Promise.reject(new Error('fails')) : Promise.resolve(true)
  const { seen, sent } = await redrivePages([[...failing, 1], [3]], fails)
  assert.deepEqual([seen.done.length, seen.pages], [42, 3])
  assert.match(String(sent), /40 of 41 failed/)
})

test('claims overdue work for 1, 2, 4 … 60 minutes', () => {
  assert.equal(claimSeconds(), 60)
  assert.deepEqual([0, 1, 2, 5, 6, 50].map(claimSeconds), [60, 120, 240, 1920, 3600, 3600])
})
