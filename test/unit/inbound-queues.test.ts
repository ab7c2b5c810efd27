import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inboundCount, inboundQueues } from '../../shared/azure/definitions.ts'
import { shardOf } from '../../shared/azure/sharded-queue.ts'
import { shardKeyOf } from '../../shared/messages.ts'
import { eventMessage, eventOf, idOf } from './flow-fixture.ts'

test('the first queue has the same name whatever the number of queues', () => {
  assert.deepEqual(inboundQueues(1), ['events-inbound'])
  assert.deepEqual(inboundQueues(3), ['events-inbound', 'events-inbound-1', 'events-inbound-2'])
})

test('keys are spread evenly, and each has one place', () => {
  for (const count of [1, 2, 4, 32]) {
    const places = Array.from({ length: 320 * count }, (_, party) =>
      shardOf(`/party/${party}`, count),
    )
    const sizes = Map.groupBy(places, (place) => place)
    assert.equal(sizes.size, count)
    for (const [place, { length }] of sizes) {
      assert.ok(place < count)
      assert.ok(length > 240 && length < 400, `${length} of ${320 * count} in ${place}`)
    }
  }
  assert.equal(shardOf('/party/1', 4), shardOf('/party/1', 4))
})

test('events of one resource and subject have one key, which others have not', () => {
  const message = eventMessage(idOf(1))
  const key = shardKeyOf(message)
  assert.equal(shardKeyOf(eventMessage(idOf(2))), key)
  assert.notEqual(shardKeyOf({ ...message, subject: '/party/2' }), key)
  assert.notEqual(shardKeyOf({ ...message, resource: 'urn:altinn:resource:app_ttd_b' }), key)
  assert.equal(shardKeyOf({ v: 1, spilled: eventOf(idOf(1)) }), undefined)
})

test('functions are registered for as many queues as the setting says, or one where it is wrong', () => {
  assert.deepEqual(['1', '4', '32', ''].map(inboundCount), [1, 4, 32, 1])
  assert.equal(inboundCount(undefined), 1)
  assert.deepEqual(['0', '33', '-1', '2.5', 'some'].map(inboundCount), [1, 1, 1, 1, 1])
})
