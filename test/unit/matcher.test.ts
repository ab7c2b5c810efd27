import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CloudEvent } from '../../shared/events/cloud-event.ts'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { createMatcher } from '../../shared/subscriptions/matcher.ts'
import {
  appInFilter,
  type Filters,
  type SubscriptionDocument,
} from '../../shared/subscriptions/subscription.ts'
import { RESOURCE, subscription, VALIDATED } from './subscription-fixture.ts'

const SOURCE = 'https://ttd.apps.altinn.no/ttd/app'

const event: CloudEvent = {
  specversion: '1.0',
  id: '019b0000-0000-7000-8000-000000000000',
  time: '2026-02-01T00:00:00.000Z',
  source: `${SOURCE}/instances/500/1`,
  subject: '/party/500',
  type: 'app.instance.created',
  resource: RESOURCE,
}

const lease = { token: 'token', until: 1_770_000_001 }
const disabled: Circuit = { state: 'disabled', reason: '410', since: VALIDATED, lease }
const open: Circuit = { state: 'open', opens: 3, failingSince: VALIDATED, reason: 'x', lease }
const draining = (opens: number): Circuit => ({ state: 'draining', opens, lease })

function matcherOf(...subscriptions: SubscriptionDocument[]) {
  const matcher = createMatcher()
  for (const each of subscriptions) matcher.put(each)
  return matcher
}
type Matcher = ReturnType<typeof createMatcher>

/** As the store gives it: with the second of its last write. */
const at = (_ts: number, written: SubscriptionDocument) => ({ ...written, _ts })

const numbersFor = (matcher: Matcher, of: Partial<CloudEvent> = {}, alternative?: string) =>
  matcher
    .match({ ...event, ...of }, alternative)
    .map(({ number }) => number)
    .toSorted((a, b) => a - b)

/** Whether one subscription with these filters is matched by the event. */
const meets = (filters: Partial<Filters>, of: Partial<CloudEvent> = {}, alternative?: string) =>
  numbersFor(matcherOf(subscription(1, { filters })), of, alternative).length === 1

test('a subscription by resource matches every event of it and of no other', () => {
  assert.ok(meets({}))
  assert.ok(!meets({}, { resource: `${RESOURCE}2` }))
  assert.ok(!meets({}, { resource: RESOURCE.slice(0, -1) }))
  assert.ok(meets({ resource: RESOURCE.toUpperCase() }), 'letter case of the filter does not count')
  assert.ok(meets({}, { resource: 'urn:altinn:resource:app_ttd_App' }), 'nor that of the event')
})

test('subject, type and alternative subject match exactly, and all given ones must', () => {
  const { subject, type } = event
  assert.ok(meets({ subject, type }))
  for (const given of [{ subject: '/party/50' }, { subject: '/party/5000' }, { subject: '' }])
    assert.ok(!meets(given))
  for (const given of ['app.instance', 'app.instance.created2', 'APP.instance.created', ''])
    assert.ok(!meets({ subject, type: given }))
  assert.ok(!meets({ subject: type, type: subject }))
  assert.ok(meets({ subject, type, alternative: '/person/1' }, {}, '/person/1'))
  assert.ok(!meets({ subject, type, alternative: '/person/1' }, {}, '/person/2'))
  assert.ok(!meets({ alternative: '/person/1' }))
  assert.ok(!meets({ alternative: '' }))
  assert.ok(meets({}, {}, '/person/1'))
})

test('an alternative subject with /org/ equals the one with /organisation/', () => {
  const stored = '/organisation/910000001' // as the document of an event has it
  assert.ok(meets({ alternative: '/org/910000001' }, {}, stored))
  assert.ok(meets({ alternative: stored }, {}, stored))
  assert.ok(!meets({ alternative: '/org/910000002' }, {}, stored))
  assert.ok(!meets({ alternative: '/person/org/910000001' }, {}, stored))
})

const below: [filter: string, source: string, matches: boolean][] = [
  [SOURCE, SOURCE, true],
  [`${SOURCE}/`, SOURCE, true], // altinn-studio#6182
  [SOURCE, `${SOURCE}/`, true],
  [`${SOURCE}/`, `${SOURCE}/`, true],
  [`${SOURCE}/`, `${SOURCE}/instances/500/1`, true],
  [SOURCE, `${SOURCE}?a=b`, true],
  [`${SOURCE}/`, `${SOURCE}?a=b`, true],
  [SOURCE, `${SOURCE}#part`, true],
  [SOURCE, `${SOURCE}/?a=b`, true],
  [SOURCE, `${SOURCE}2`, false],
  [`${SOURCE}/`, `${SOURCE}2`, false],
  [SOURCE, `${SOURCE}-test/instances/500/1`, false],
  [SOURCE, `${SOURCE}.x`, false],
  [SOURCE, `${SOURCE}%2Fx`, false],
  [SOURCE, SOURCE.slice(0, -1), false],
  [`${SOURCE}/instances/50`, `${SOURCE}/instances/500/1`, false],
  [`${SOURCE}/instances/500`, `${SOURCE}/instances/500/1`, true],
  ['https://ttd.apps.altinn.no/', `${SOURCE}/instances/500/1`, true],
  ['https://ttd.apps.altinn.no', 'https://ttd.apps.altinn.no.evil.example/ttd/app', false],
  ['https://ttd.apps.altinn.no', 'https://ttd.apps.altinn.no:8443/ttd/app', false],
  ['https://ttd.apps.altinn.no/ttd', 'http://ttd.apps.altinn.no/ttd/app', false],
  ['https://tt02.apps.altinn.no/ttd/app', SOURCE, false],
]
for (const [filter, source, matches] of below)
  test(`the source filter ${filter} ${matches ? 'covers' : 'does not cover'} ${source}`, () => {
    assert.equal(meets({ source: filter }, { source }), matches)
  })

const alike: [what: string, filter: string, source: string, matches: boolean][] = [
  ['letter case of scheme and host', 'HTTPS://TTD.Apps.Altinn.NO/ttd/app', SOURCE, true],
  ['the default port of a filter', 'https://ttd.apps.altinn.no:443/ttd/app', SOURCE, true],
  ['the default port of an event', SOURCE, 'HTTPS://Ttd.apps.altinn.no:443/ttd/app/x', true],
  ['another port', 'https://ttd.apps.altinn.no:444/ttd/app', SOURCE, false],
  ['a needless encoding', 'https://ttd.apps.altinn.no/%74td/%61pp', SOURCE, true],
  ['a needless encoding of an event', SOURCE, 'https://ttd.apps.altinn.no/ttd/app/%7Ex', true],
  ['letter case of an encoding', `${SOURCE}/%c3%a5`, `${SOURCE}/%C3%A5/x`, true],
  ['an encoding that matters', `${SOURCE}/a%3Fb`, `${SOURCE}/a?b`, false],
  ['letter case of a path', `${SOURCE}/A`, `${SOURCE}/a`, false],
]
for (const [what, filter, source, matches] of alike)
  test(`in a source filter, ${what} ${matches ? 'does not count' : 'counts'}`, () => {
    assert.equal(meets({ source: filter }, { source }), matches)
  })

test('an app is named by a source filter of two segments, in whatever case', () => {
  const named = { source: SOURCE, resource: RESOURCE }
  const same = [
    'https://TTD.apps.altinn.no:443/TTD/App',
    `${SOURCE}/`,
    SOURCE.replace('/ttd/', '/%74td/'),
  ]
  for (const filter of [SOURCE, ...same]) assert.deepEqual(appInFilter(filter), named, filter)
  const host = 'https://ttd.apps.altinn.no'
  const none = ['', '/', '/ttd', '/ttd/', '/ttd/app/x', '/ttd/app//', '//ttd/app', '/ttd/./app']
  const odd = ['/ttd/app?x', '/ttd/app#x', '/ttd/a%20b', '/ttd/%2E%2E', '/ttd/a%2Fb', '/tt_d/app']
  for (const path of [...none, ...odd]) assert.equal(appInFilter(host + path), undefined, path)
  assert.equal(appInFilter('https://user@ttd.apps.altinn.no/ttd/app'), undefined)
})

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
    secrets: [{ key: 'secret' }],
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
  for (let number = 1; number <= 5000; number++) {
    const resource = `urn:altinn:resource:app_ttd_${number}`
    const filters = { resource, type: `type-${number}` }
    matcher.put(subscription(number, { consumer: `/org/${number}`, filters }))
    matcher.remove(number)
  }
  assert.equal(matcher.size, 0)
  assert.ok(matcher.retained() < 5000, `${matcher.retained()} texts are kept`)
})
