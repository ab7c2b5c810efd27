// Which subscriptions get an event about a subunit, by the subjects that name its main unit.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Filters } from '../../shared/subscriptions/subscription.ts'
import { event, matcherOf, SOURCE } from './matcher-fixture.ts'
import { disabled } from '../../shared/subscriptions/circuit-breaker.ts'
import { RESOURCE, subscription } from './subscription-fixture.ts'

const MAIN = ['/party/1', '/organisation/991825827']
const of = (number: number, filters: Partial<Filters>) => subscription(number, { filters })
const ofMain = (number: number, filters: Partial<Filters> = {}) =>
  of(number, { subject: '/party/1', includeSubunits: true, ...filters })
type Matcher = ReturnType<typeof matcherOf>

const numbersFor = (
  matcher: Matcher,
  { alternative = '', ...given }: Partial<typeof event> & { alternative?: string } = {},
  mainUnits = MAIN,
) =>
  matcher
    .matchSubunit({ ...event, ...given }, alternative, Date.parse(event.time), mainUnits)
    .map(({ number }) => number)

test('the main unit’s, by any name of it, where they include subunits', () => {
  const matcher = matcherOf(
    ofMain(1),
    ofMain(2, { subject: '/organisation/991825827' }),
    ofMain(3, { subject: '/party/2' }),
    of(4, { subject: '/party/1' }),
    of(5, {}),
    of(6, { alternative: '/party/1' }),
    of(7, { type: '/party/1' }),
  )
  assert.deepEqual(numbersFor(matcher), [1, 2])
  assert.deepEqual(numbersFor(matcher, {}, [...MAIN, ...MAIN]), [1, 2], 'each once')
  assert.deepEqual(numbersFor(matcher, {}, []), [])
  assert.deepEqual(numbersFor(matcher, { resource: `${RESOURCE}2` }), [])
  assert.deepEqual(numbersFor(matcher, { alternative: '/party/1', type: '/party/1' }), [1, 2])
})

test('the other filters must match too', () => {
  const matcher = matcherOf(
    ofMain(1, { type: event.type, source: SOURCE }),
    ofMain(2, { type: 'other' }),
    ofMain(3, { source: `${SOURCE}2` }),
    ofMain(4, { alternative: '/organisation/1' }),
  )
  assert.deepEqual(numbersFor(matcher), [1])
  assert.deepEqual(numbersFor(matcher, { alternative: '/organisation/1' }), [1, 4])
})

test('not what was not validated when the event was accepted, nor what is disabled', () => {
  const at = (number: number, validated: string | undefined) => ({
    ...subscription(number, { validated }),
    filters: ofMain(number).filters,
  })
  const { time } = event
  const later = new Date(Date.parse(time) + 1).toISOString()
  const off = { ...ofMain(4), circuit: disabled('410', 0, 'token') }
  const matcher = matcherOf(at(1, time), at(2, later), at(3, undefined), off)
  assert.deepEqual(numbersFor(matcher), [1])
})

test('an event about the main unit itself is matched as any other, once', () => {
  const matcher = matcherOf(ofMain(1))
  const about = { ...event, subject: '/party/1' }
  assert.equal(matcher.match(about, undefined, Date.parse(event.time)).length, 1)
  assert.deepEqual(numbersFor(matcher, about), [])
  assert.equal(matcher.match(event, undefined, Date.parse(event.time)).length, 0)
})

test('a resource needs the register as long as an active subscription to it includes subunits', () => {
  const matcher = matcherOf(ofMain(1), ofMain(2), of(3, {}))
  const isAsked = () => matcher.includesSubunits(RESOURCE.toUpperCase())
  assert.ok(isAsked())
  assert.ok(!matcher.includesSubunits(`${RESOURCE}2`))
  matcher.put({ ...ofMain(1), circuit: disabled('410', 0, 'token') })
  matcher.put({ ...ofMain(1), circuit: disabled('410', 0, 'token') })
  assert.ok(isAsked())
  matcher.remove(2)
  assert.ok(!isAsked())
  matcher.put(ofMain(1))
  assert.ok(isAsked())
})

test('all whose filters match, whatever their state, for who asks what became of an event', () => {
  const matcher = matcherOf(ofMain(1), of(2, {}), ofMain(3, { subject: '/party/2' }))
  matcher.put({ ...ofMain(1), circuit: disabled('410', 0, 'token') })
  const numbers = (mainUnits: string[]) =>
    matcher.matchAny(event, undefined, mainUnits).map(({ number }) => number)
  assert.deepEqual([numbers(MAIN), numbers([])], [[1, 2], [2]])
})
