import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boundAt, newEventId, timeOf } from '../../shared/events/event-id.ts'

const v7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** The first of `ids` that is not greater, as text, than the one before it. */
const firstOutOfOrder = (ids: string[]) => ids.find((id, index) => id <= (ids[index - 1] ?? ''))

test('100,000 ids are UUIDs of version 7 and ascend, although the clock steps back 1,000 times', () => {
  const ids = Array.from({ length: 100_000 }, (_, index) =>
    index % 100 === 99 ? newEventId(Date.now() - index) : newEventId(),
  )
  assert.equal(
    ids.find((id) => !v7.test(id)),
    undefined,
  )
  assert.equal(new Set(ids).size, ids.length)
  assert.equal(firstOutOfOrder(ids), undefined)
})

test('20,000 ids of one millisecond ascend and stay within 10 ms of it', () => {
  const now = Date.now() + 1000
  const ids = Array.from({ length: 20_000 }, () => newEventId(now))
  assert.equal(firstOutOfOrder(ids), undefined)
  assert.equal(new Set(ids).size, ids.length)
  assert.equal(timeOf(ids[0] ?? '').getTime(), now)
  assert.ok(timeOf(ids.at(-1) ?? '').getTime() - now <= 10)
})

test('ids ascend although the clock steps back, by a little and by years', () => {
  const now = Date.now() + 2000
  const clock = [now, now - 1, now - 60_000, 0, now - 365 * 24 * 3_600_000, now, now + 1, now]
  const ids = clock.map((ms) => newEventId(ms))
  assert.equal(firstOutOfOrder(ids), undefined)
  assert.ok(ids.every((id) => v7.test(id)))
  assert.ok(timeOf(ids.at(-1) ?? '').getTime() - now <= 2)
})

test('the time of an id is its clock reading', () => {
  const now = Date.now() + 5000
  for (const ms of [now, now + 1, now + 999, 4_102_444_800_000, 2 ** 47])
    assert.equal(timeOf(newEventId(ms)).getTime(), ms)
})

test('reads the time of an id as RFC 9562 writes it', () => {
  const example = '017f22e2-79b0-7cc3-98c4-dc0c0c07398f' // appendix A.6
  assert.equal(timeOf(example).toISOString(), '2022-02-22T19:22:22.000Z')
})

test('the last 62 bits are random, so that ids of several processes do not collide', () => {
  const tails = Array.from({ length: 10_000 }, () => newEventId().slice(19))
  assert.equal(new Set(tails).size, tails.length)
  for (const place of [0, 1, 2, 3, 5, 10, 16])
    assert.ok(new Set(tails.map((tail) => tail[place])).size >= 4)
})

test('limits a bound to the times that an id can have', () => {
  const [before, last, beyond] = [2 ** 48 - 2, 2 ** 48 - 1, 8.64e15].map(boundAt)
  assert.ok(before !== undefined && last !== undefined && before < last)
  assert.equal(beyond, last)
  assert.equal(boundAt(-1), boundAt(0))
})
