import assert from 'node:assert/strict'
import fc from 'fast-check'
import { boundAt, newEventId, timeOf } from '../../shared/events/event-id.ts'
import { isPastWatermark, readWatermark } from '../../shared/events/read-watermark.ts'
import { property } from './property.ts'

// Far in the future, so that the ids of other properties, made by the clock, come before.
const START = Date.parse('2040-01-01')
let base = START
const moment = fc.integer({ min: 0, max: 2 ** 47 - 1 })

/** Clocks that go on, stand still, and step back, by a little and by much. */
const clock = fc.array(
  fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: -100_000, max: 100 })),
  { minLength: 2, maxLength: 30 },
)

function checkAscending(steps: number[]): void {
  let now = (base += 1000)
  let last = ''
  for (const step of steps) {
    now += step
    const id = newEventId(now)
    assert.ok(id > last && timeOf(id).getTime() >= now)
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    last = id
  }
}

export const orderProperties = [
  property(
    'ids ascend whatever the clock does, and none is older than its clock reading',
    40,
    clock,
    checkAscending,
  ),
  property(
    'ids and the bounds between them sort by time',
    60,
    fc.tuple(
      moment,
      moment,
      fc.uuid({ version: 7 }).filter((id) => id < 'f'),
    ),
    ([one, other, id]) => {
      const [earlier, later] = one < other ? [one, other] : [other, one]
      if (earlier < later) assert.ok(boundAt(earlier) < boundAt(later))
      const time = timeOf(id).getTime()
      assert.ok(boundAt(time) < id && id < boundAt(time + 1))
    },
  ),
  property(
    'readers see only ids below the read watermark, and no id being written',
    20,
    fc.tuple(fc.integer({ min: 15, max: 600 }), fc.integer({ min: 0, max: 1_200_000 })),
    ([watermarkSeconds, age]) => {
      const now = Date.now()
      const id = `${boundAt(now - age)}7000-8000-000000000000`
      assert.equal(id < readWatermark(watermarkSeconds, now), age > watermarkSeconds * 1000)
      if (age > watermarkSeconds * 1000) assert.ok(isPastWatermark(id, watermarkSeconds, now))
    },
  ),
]
