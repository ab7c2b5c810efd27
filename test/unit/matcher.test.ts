// Which subscriptions the matcher knows, and which of them take part.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { createMatcher } from '../../shared/subscriptions/matcher.ts'
import type { SubscriptionDocument } from '../../shared/subscriptions/subscription.ts'
import { event, matcherOf, numbersFor, SOURCE } from './matcher-fixture.ts'
import { RESOURCE, subscription, VALIDATED } from './subscription-fixture.ts'

const lease = { token: 'token', until: 1_770_000_001 }
const disabled: Circuit = { state: 'disabled', reason: '410', since: VALIDATED, lease }
const open: Circuit = { state: 'open', opens: 3, failingSince: VALIDATED, reason: 'x', lease }
const draining = (opens: number): Circuit => ({ state: 'draining', opens, lease })

/** As the store gives it: with the second of its last write. */
const at = (_ts: number, written: SubscriptionDocument) => ({ ...written, _ts })

test('does not match an event from before the validation; matches one of the same millisecond', () => {
  const matcher = matcherOf(subscription(1))
  assert.deepEqual(numbersFor(matcher, { time: '2025-12-31T23:59:59.999Z' }), [])
  assert.deepEqual(numbersFor(matcher, { time: VALIDATED }), [1])
  assert.deepEqual(numbersFor(matcher, { time: '2026-01-01T00:00:00.001Z' }), [1])
})

test('matches an event stored late by its time of acceptance', () => {
  const matcher = matcherOf(subscription(1))
  const late = { ...event, time: VALIDATED }
  assert.equal(matcher.match(late, undefined, Date.parse(VALIDATED) - 1).length, 0)
  assert.equal(
    matcher.match({ ...late, time: '2025-01-01T00:00:00Z' }, undefined, Date.parse(VALIDATED))
      .length,
    1,
  )
})

test('unvalidated and disabled subscriptions match nothing but are known; an open circuit matches', () => {
  const matcher = matcherOf(
    subscription(1, { validated: undefined }),
    subscription(2, { circuit: disabled }),
    at(5, subscription(3, { circuit: open, filters: { source: `${SOURCE}/` } })),
  )
  assert.deepEqual(numbersFor(matcher), [3])
  assert.deepEqual(
    [...matcher.all()].map(({ number }) => number),
    [1, 2, 3],
  )
  assert.equal(matcher.size, 3)
  assert.equal(matcher.get(1)?.validated, undefined)
  assert.deepEqual(matcher.get(2)?.circuit, disabled)
  assert.deepEqual(matcher.get(3), {
    number: 3,
    id: 'document-3',
    consumer: '/org/ttd',
    resource: RESOURCE,
    source: SOURCE,
    subject: undefined,
    alternative: undefined,
    type: undefined,
    validated: Date.parse(VALIDATED),
    endpoint: 'https://example.com/hook',
    includeSubunits: false,
    secrets: 'secret',
    circuit: open,
    version: 5,
  })
})

test('a newer version replaces an older one', () => {
  const matcher = matcherOf(subscription(1), subscription(1, { filters: { type: 'other' } }))
  assert.deepEqual(numbersFor(matcher), [])
  assert.deepEqual(numbersFor(matcher, { type: 'other' }), [1])
  matcher.put(subscription(1, { circuit: disabled }))
  assert.deepEqual(numbersFor(matcher, { type: 'other' }), [])
  matcher.put(subscription(1))
  assert.deepEqual(numbersFor(matcher), [1])
  assert.equal(matcher.size, 1)
})

test('ignores a version older than the known one', () => {
  const matcher = matcherOf(at(200, subscription(1, { circuit: draining(1) })))
  const circuit = () => matcher.get(1)?.circuit
  matcher.put(at(199, subscription(1)))
  assert.deepEqual(circuit(), draining(1))
  matcher.put(at(200, subscription(1, { circuit: draining(2) })))
  assert.deepEqual(circuit(), draining(2))
  matcher.put(subscription(1)) // from someone who does not know the second: taken as the newest
  assert.equal(circuit(), undefined)
  matcher.put(at(199, subscription(1, { circuit: draining(3) })))
  assert.equal(circuit(), undefined)
})

test('a subscription created again has the same document and a new number: only that matches', () => {
  const id = 'same'
  const matcher = matcherOf(subscription(7, { id }), subscription(8, { id }))
  assert.deepEqual(numbersFor(matcher), [8])
  matcher.put(subscription(7, { id })) // an old answer
  assert.deepEqual(numbersFor(matcher), [8])
  matcher.remove(7)
  assert.deepEqual(numbersFor(matcher), [8])
  assert.equal(matcher.get(7), undefined)
  assert.equal(matcher.size, 1)
})

test('identical subscriptions of two consumers are two', () => {
  const id = 'same'
  const matcher = matcherOf(
    subscription(1, { id }),
    subscription(2, { id, consumer: '/org/skd', filters: { subject: event.subject } }),
    subscription(3, { id, consumer: '/org/nav' }),
  )
  assert.deepEqual(numbersFor(matcher), [1, 2, 3])
  matcher.remove(1)
  matcher.remove(99)
  assert.deepEqual(numbersFor(matcher), [2, 3])
  matcher.put(subscription(1, { id }))
  assert.deepEqual(numbersFor(matcher), [1, 2, 3])
})

test('repeated subscribing and unsubscribing leaves nothing behind', () => {
  const matcher = createMatcher()
  const before = heapUsed()
  for (let number = 1; number <= 50_000; number++) {
    const resource = `urn:altinn:resource:app_ttd_${number}`
    const filters = { resource, type: `type-${number}` }
    matcher.put(subscription(number, { consumer: `/org/${number}`, filters }))
    matcher.remove(number)
  }
  const kept = heapUsed() - before
  assert.equal(matcher.size, 0)
  assert.ok(kept < 3_000_000, `${kept} bytes are kept`)
})

/** Returns the bytes of the heap that are in use, without what is garbage. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}
