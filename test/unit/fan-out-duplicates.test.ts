import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startFanOut } from './fan-out-fixture.ts'
import { eventOf, idOf, SECOND } from './flow-fixture.ts'

const publisher = '/org/skd'
const original = idOf(1, 900)

/** A generic event whose publisher has given its source and id before: `original` was the first. */
function startDuplicate(given = {}) {
  const flows = startFanOut(undefined, { publisher, ...given })
  flows.services.idempotency.reserveName = () => Promise.resolve(original)
  return flows
}

test('a generic event that repeats another one is marked, and sent to nobody', async () => {
  const flows = startDuplicate()
  assert.equal(await flows.fanOut(), undefined)
  const { duplicateOf, pending } = flows.event(flows.id) ?? {}
  assert.deepEqual([duplicateOf, pending], [original, undefined])
  assert.deepEqual([flows.requests.length, flows.record(), flows.sent], [0, undefined, []])
})

test('the copy of a repeated event that was stored late is marked before the event', async () => {
  const late = idOf(2, 1)
  const flows = startDuplicate({ late })
  flows.addEvent(eventOf(late, { publisher, copyOf: flows.id }))
  const marked: string[] = []
  const { markDuplicate } = flows.services.events
  flows.services.events.markDuplicate = (event, first) => {
    marked.push(event.id)
    return markDuplicate(event, first)
  }
  assert.equal(await flows.fanOut(), undefined)
  assert.deepEqual(marked, [late, flows.id])
  assert.deepEqual(
    marked.map((id) => flows.event(id)?.duplicateOf),
    [original, original],
  )
})

test('a late event that repeats another one is marked, also where its copy was never stored', async () => {
  const flows = startDuplicate({ late: idOf(2, 1) })
  assert.equal(await flows.fanOut(), undefined)
  assert.equal(flows.event(flows.id)?.duplicateOf, original)
})

test('the first of several with its source and id is sent, and so is each of an app', async () => {
  const first = startFanOut(undefined, { publisher })
  first.services.idempotency.reserveName = () => Promise.resolve(first.id)
  const ofApp = startFanOut()
  ofApp.services.idempotency.reserveName = () => Promise.reject(new Error('not asked'))
  for (const flows of [first, ofApp]) {
    assert.equal((await flows.fanOut())?.subscribers, 1)
    assert.deepEqual(
      [flows.record()?.state, flows.event(flows.id)?.duplicateOf],
      ['delivered', undefined],
    )
  }
})

test('an event that cannot be compared with others stays pending, and is not sent', async () => {
  const flows = startDuplicate()
  flows.services.idempotency.reserveName = () => Promise.resolve(undefined)
  await assert.rejects(flows.fanOut(), /cannot be compared/)
  assert.deepEqual([flows.event(flows.id)?.pending, flows.requests.length], [SECOND + 60, 0])
})
