import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { SubscriptionDocument } from '../shared/subscription.ts'
import {
  afterFailure,
  afterSuccess,
  createSightings,
  nextRelease,
  recovered,
} from '../shared/subscriber-health.ts'

const now = Date.parse('2026-11-24T12:00:00Z')
const nowSeconds = now / 1000
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString()
const day = 86_400

const well: SubscriptionDocument = {
  v: 1,
  id: 'id',
  consumer: '/org/ttd',
  number: 1,
  endpoint: 'https://subscriber.example/',
  filters: { resource: 'urn:altinn:resource:app_ttd_apps-test' },
  createdBy: '/org/ttd',
  created: ago(30 * day),
  validated: ago(30 * day),
  secrets: [],
}
const seen = (failures: number, secondsSinceSuccess = 3600) => ({
  failures,
  succeededAt: now - secondsSinceSuccess * 1000,
})
const failed = (subscription: Partial<SubscriptionDocument>, failures = 1, probe = false) =>
  afterFailure({ ...well, ...subscription }, seen(failures), probe, now)

suite('after a failure', () => {
  test('a subscriber that was well a moment ago is not written down', () => {
    assert.equal(afterFailure(well, seen(1, 59), false, now), undefined)
  })
  test('one without a success for a minute fails since now', () => {
    assert.deepEqual(failed({}), { ...well, failingSince: ago(0) })
  })
  test('one that is failing already is not written again, until the fifth in a row', () => {
    for (const failures of [1, 2, 3, 4])
      assert.equal(failed({ failingSince: ago(60) }, failures), undefined)
    assert.equal(failed({ failingSince: ago(60) }, 5)?.pausedUntil, nowSeconds + 10)
  })
  test('while it is paused only a probe prolongs the pause, each time for longer, up to an hour', () => {
    const paused = { failingSince: ago(60), pausedUntil: nowSeconds - 1, released: 10 }
    assert.equal(failed({ ...paused, pauses: 1 }, 9), undefined)
    const lengths = [1, 2, 3, 4, 5, 6, 99].map((pauses) => {
      const next = failed({ ...paused, pauses }, 1, true)
      assert.equal(next?.pauses, pauses + 1)
      assert.equal(next?.released, 0, 'the release begins anew')
      return (next?.pausedUntil ?? 0) - nowSeconds
    })
    assert.deepEqual(lengths, [30, 120, 600, 1800, 3600, 3600, 3600])
  })
  test('it is disabled after five days, not a second before, and says why and since when', () => {
    const failingSince = ago(5 * day + 1)
    assert.equal(failed({ failingSince: ago(5 * day) })?.disabled, undefined)
    assert.deepEqual(failed({ failingSince })?.disabled, {
      reason: `only failures since ${failingSince}`,
      since: ago(0),
    })
  })
})

suite('after a delivery', () => {
  test('a subscriber that was well is not written', () => {
    assert.equal(afterSuccess(well, now), undefined)
    assert.equal(afterSuccess({ ...well, pausedUntil: nowSeconds }, now), undefined)
  })
  test('one that was failing is failing no longer; a pause is left to the sweep to end', () => {
    assert.deepEqual(afterSuccess({ ...well, failingSince: ago(60) }, now), well)
    const paused = { ...well, pausedUntil: nowSeconds + 600, pauses: 2, released: 1 }
    const after = afterSuccess({ ...paused, failingSince: ago(60) }, now)
    assert.deepEqual(after, { ...paused, pausedUntil: nowSeconds })
  })
  test('five days begin anew', () => {
    const after = afterSuccess({ ...well, failingSince: ago(4 * day) }, now)
    assert.equal(after?.failingSince, undefined)
  })
})

test('a paused subscriber is let back in by 1, 10, 100, all, and by 1 again while it fails', () => {
  const release = (released: number, failingSince?: string) =>
    nextRelease({ ...well, released, ...(failingSince !== undefined && { failingSince }) })
  assert.deepEqual(
    [0, 1, 10, 100].map((released) => release(released)),
    [1, 10, 100, 'all'],
  )
  assert.equal(release(10, ago(1)), 1)
})

test('failures are counted in a row, each subscription by itself', () => {
  const sightings = createSightings()
  assert.equal(sightings.note(1, false, now).failures, 1)
  assert.equal(sightings.note(1, false, now).failures, 2)
  assert.equal(sightings.note(2, false, now).failures, 1)
  assert.deepEqual(sightings.note(1, true, now), { failures: 0, succeededAt: now })
  assert.deepEqual(sightings.note(1, false, now + 1), { failures: 1, succeededAt: now })
})

test('a subscription that is enabled again is as one that has never failed', () => {
  const ill = { failingSince: ago(9), pausedUntil: nowSeconds, pauses: 3, released: 10 }
  const disabled = { reason: '410', since: ago(1) }
  assert.deepEqual(recovered({ ...well, ...ill, disabled }), well)
})
