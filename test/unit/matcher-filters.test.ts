// Which events the filters of a subscription let through.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppEvent } from '../../shared/events/cloud-event.ts'
import { appInFilter, type Filters } from '../../shared/subscriptions/subscription.ts'
import { event, matcherOf, numbersFor, SOURCE } from './matcher-fixture.ts'
import { RESOURCE, subscription } from './subscription-fixture.ts'

/** Whether one subscription with these filters is matched by the event. */
const meets = (filters: Partial<Filters>, of: Partial<AppEvent> = {}, alternative?: string) =>
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
