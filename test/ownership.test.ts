import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { exampleEvent } from '../local/example.ts'
import type { EventDocument } from '../shared/event-document.ts'
import { startApp, tokensOf } from './app.ts'
import { assertRefused, contentsOf } from './refusals.ts'
import { createWorld } from './world.ts'

const world = await createWorld()
const hosts = { SOURCE_HOSTS: '*.apps.altinn.no, LOCAL.altinn.cloud,localhost' }
const [app, choosy] = await Promise.all([
  startApp(world, { functions: ['publish-event'] }),
  startApp(world, { functions: ['publish-event'], settings: hosts }),
])
after(() => Promise.all([app.stop(), choosy.stop()]))

/** Publishes an event of that source as the app ttd/`name`. */
async function publish(source: string, { to = app, name = 'apps-test' } = {}): Promise<Response> {
  const [, platform] = await tokensOf('ttd', name)
  return to.publish({ ...exampleEvent, source }, { PlatformAccessToken: platform })
}

const HOST = 'https://ttd.apps.altinn.no'
const OWN = '/ttd/apps-test'
const INSTANCE = 'instances/50019855/428a4575-2c04-4400-89a3-1aaadd2579cd'

const malformed: [what: string, source: string][] = [
  ['has a dot segment', `${HOST}/ttd/./apps-test`],
  ['goes up', `${HOST}/ttd/x/../apps-test`],
  ['goes up into the app', `${HOST}/ttd/other/..${OWN}/..${OWN}`],
  ['goes up out of the app', `${HOST}${OWN}/../other`],
  ['goes up at its end', `${HOST}${OWN}/x/..`],
  ['goes up beyond the root', `${HOST}/..${OWN}`],
  ['stays where it is at its end', `${HOST}${OWN}/.`],
  ['goes up, encoded', `${HOST}/ttd/x/%2e%2e/apps-test`],
  ['goes up, encoded in upper case', `${HOST}${OWN}/%2E%2E/other`],
  ['goes up, half encoded', `${HOST}${OWN}/.%2e/other`],
  ['goes up, the other half encoded', `${HOST}${OWN}/%2E./other`],
  ['has an encoded dot segment', `${HOST}/%2e${OWN}`],
  ['has an encoded slash', `${HOST}/ttd%2fapps-test`],
  ['has an encoded slash in upper case', `${HOST}${OWN}%2F..%2Fother`],
  ['has an encoded back slash', `${HOST}/ttd%5capps-test`],
  ['has an encoded back slash in upper case', `${HOST}${OWN}%5C..%5Cother`],
  ['has back slashes', `${HOST}\\ttd\\apps-test`],
  ['has one back slash', `${HOST}/other\\..${OWN}`],
  ['has back slashes before the host', `https:\\\\ttd.apps.altinn.no${OWN}`],
  ['has an empty first segment', `${HOST}/${OWN}`],
  ['has an empty segment between org and app', `${HOST}/ttd//apps-test`],
  ['has an empty segment after the app', `${HOST}${OWN}//x`],
  ['has a user', `https://user@ttd.apps.altinn.no${OWN}`],
  ['has a user and a password', `https://user:password@ttd.apps.altinn.no${OWN}`],
  ['has an empty user', `https://@ttd.apps.altinn.no${OWN}`],
  ['has another host for a user', `https://ttd.apps.altinn.no@evil.example${OWN}`],
  ['has a file', `file://ttd.apps.altinn.no${OWN}`],
  ['has a file without host', `file://${OWN}`],
  ['is an ftp address', `ftp://ttd.apps.altinn.no${OWN}`],
  ['is a web socket', `wss://ttd.apps.altinn.no${OWN}`],
  ['is a script', `javascript:alert(1)//ttd.apps.altinn.no${OWN}`],
  ['is data', `data:text/plain,${OWN}`],
  ['is a urn', 'urn:altinn:ttd:apps-test'],
  ['is a blob', `blob:${HOST}${OWN}`],
  ['has no scheme', `ttd.apps.altinn.no${OWN}`],
  ['leaves the scheme open', `//ttd.apps.altinn.no${OWN}`],
  ['is a path', `${OWN}/${INSTANCE}`],
  ['is relative', 'ttd/apps-test'],
  ['is a scheme alone', 'https://'],
  ['has one slash after the scheme', `https:/ttd.apps.altinn.no${OWN}`],
  ['has no slashes after the scheme', `https:ttd.apps.altinn.no${OWN}`],
  ['has three slashes after the scheme', `https:///ttd.apps.altinn.no${OWN}`],
  ['has a space before', ` ${HOST}${OWN}`],
  ['has a space after', `${HOST}${OWN} `],
  ['has a space inside', `${HOST}${OWN}/a b`],
  ['has a line break', `${HOST}/other\n${OWN}`],
  ['has a tab in the app', `${HOST}/ttd/apps\t-test`],
  ['has a line break in the scheme', `ht\ntps://ttd.apps.altinn.no${OWN}`],
  ['has a null character', `${HOST}${OWN}\0`],
  ['has a delete character', `${HOST}${OWN}/\u007F`],
  ['has a letter that looks like another', `${HOST}/ttd/аpps-test`],
  ['has full-width letters', `${HOST}/ｔｔｄ/apps-test`],
  ['has a full-width slash', `${HOST}／ttd／apps-test`],
  ['has full-width dots', `${HOST}${OWN}/．．/other`],
  ['has an invisible character', `${HOST}/ttd/apps\u200B-test`],
  ['has a host in other letters', `https://ttd.apps.åltinn.no${OWN}`],
  ['has a host that ends at a full-width slash', `https://ttd.apps.altinn.no／.evil.example${OWN}`],
  ['has a port that is none', `https://ttd.apps.altinn.no:x${OWN}`],
  ['has a port too high', `https://ttd.apps.altinn.no:65536${OWN}`],
  ['has a host that cannot be', `https://ttd.apps.altinn%2fno${OWN}`],
  ['has an open bracket for a host', `https://[${OWN}`],
  ['has a percent sign that encodes nothing', `${HOST}${OWN}/%`],
  ['has half an encoded letter', `${HOST}${OWN}/%4`],
  ['has letters for a code', `${HOST}/ttd/%zz${OWN}`],
  ['has quotes', `${HOST}${OWN}/"x"`],
  ['has angle brackets', `${HOST}${OWN}/<x>`],
]
for (const [what, source] of malformed)
  test(`400 for a source that ${what}`, async () => {
    const { detail, errors } = await assertRefused(await publish(source), 400)
    assert.match(detail, /^"source" /)
    for (const { pointer } of errors) assert.equal(pointer, '/source')
  })

const foreign: [what: string, source: string, name?: string][] = [
  ['names an app whose name begins with that of the publisher', `${HOST}/ttd/apps-test`, 'apps'],
  ['names an app with which the publisher begins', `${HOST}/ttd/apps/${INSTANCE}`],
  ['names an app by a longer name', `${HOST}/ttd/apps-test2/${INSTANCE}`],
  ['names another app', `${HOST}/ttd/other/${INSTANCE}`],
  ['names another org', `${HOST}/digdir/apps-test/${INSTANCE}`],
  ['names an org by a longer name', `${HOST}/ttdx/apps-test`],
  ['has the org in capitals', `${HOST}/TTD/apps-test`],
  ['has a capital in the app', `${HOST}/ttd/Apps-test`],
  ['has an encoded letter in the org', `${HOST}/%74td/apps-test`],
  ['has an encoded letter in the app', `${HOST}/ttd/apps%2dtest`],
  ['has a twice encoded slash', `${HOST}/ttd%252fapps-test`],
  ['has the app behind another segment', `${HOST}/other${OWN}`],
  ['has org and app the other way round', `${HOST}/apps-test/ttd`],
  ['has parameters behind the app', `${HOST}${OWN};x=1/${INSTANCE}`],
  ['has parameters behind the org', `${HOST}/ttd;x=1/apps-test`],
  ['has the app in its query only', `${HOST}/?x=${OWN}`],
  ['has the app in its query, no path', `${HOST}?${OWN}`],
  ['has the app in its fragment only', `${HOST}/#${OWN}`],
  ['has the app in its fragment, no path', `${HOST}#${OWN}`],
  ['has another app before its own in the query', `${HOST}/ttd/other?x=https://a.no${OWN}`],
  ['names no app', `${HOST}/ttd`],
  ['names no app after a slash', `${HOST}/ttd/`],
  ['names nothing', HOST],
  ['has the app in its host only', `https://ttd.apps-test.apps.altinn.no/x/y`],
]
for (const [what, source, name = 'apps-test'] of foreign)
  test(`401 for a source that ${what}`, async () => {
    const { detail } = await assertRefused(await publish(source, { name }), 401)
    assert.equal(detail, `ttd/${name} is not authorized to create events for ${source}`)
  })

const likeListed = ['evilapps.altinn.no', 'apps.altinn.no', 'ttd-apps.altinn.no', 'evillocalhost']
const otherHosts = ['ttd.apps.altinn.no.evil.no', 'altinn.no', 'x.local.altinn.cloud', '[::1]']
for (const host of [...likeListed, ...otherHosts, '127.0.0.1', 'evil.example'])
  test(`401 for a source on ${host} where only other hosts are allowed`, async () => {
    const source = `https://${host}${OWN}`
    const { detail } = await assertRefused(await publish(source, { to: choosy }), 401)
    assert.equal(detail, `ttd/apps-test is not authorized to create events for ${source}`)
  })

test('nothing of another app is stored or queued', async () => {
  assert.deepEqual(await contentsOf(world), { stored: 0, queued: 0 })
})

const own: [source: string, to: typeof app, resourceinstance?: string][] = [
  [`${HOST}${OWN}/${INSTANCE}`, app, INSTANCE.replace('instances/', '')],
  [`${HOST}${OWN}/232243423`, app],
  [`${HOST}${OWN}`, app],
  [`${HOST}${OWN}/`, app],
  [`${HOST}${OWN}?x=/../other`, app],
  [`${HOST}${OWN}#//other`, app],
  [`${HOST}${OWN}/%C3%A5%20...x/..y`, app],
  [`HTTPS://TTD.apps.altinn.no:8443${OWN}/x;y=(1)`, app],
  [`http://local.altinn.cloud${OWN}/${INSTANCE}`, app, INSTANCE.replace('instances/', '')],
  [`http://localhost:5005${OWN}/${INSTANCE.toUpperCase()}`, app],
  [`http://127.0.0.1${OWN}`, app],
  [`http://[::1]:80${OWN}`, app],
  [`https://evil.example${OWN}`, app],
  [`${HOST}${OWN}`, choosy],
  [`https://a.b.APPS.altinn.no:443${OWN}`, choosy],
  [`http://local.altinn.cloud:8080${OWN}`, choosy],
  [`http://localhost${OWN}`, choosy],
]
test("every form of an app's own source is accepted and stored as it was sent", async () => {
  const wanted = new Map<unknown, object>()
  for (const [source, to, resourceinstance] of own) {
    const answer = await publish(source, { to })
    assert.equal(answer.status, 201, source)
    wanted.set(await answer.json(), { source, resourceinstance })
  }
  const documents = await world.documents<EventDocument>('events')
  const stored = documents.map(({ id, event }): [string, object] => {
    assert.equal(event.resource, 'urn:altinn:resource:app_ttd_apps-test')
    return [id, { source: event.source, resourceinstance: event.resourceinstance }]
  })
  assert.deepEqual(new Map(stored), wanted)
})

test('one token of an org is good for its own app only, both ways', async () => {
  assert.equal((await publish(`${HOST}/ttd/apps`, { name: 'apps' })).status, 201)
  await assertRefused(await publish(`${HOST}/ttd/apps-test`, { name: 'apps' }), 401)
  assert.equal((await publish(`${HOST}/ttd/apps-test`)).status, 201)
  await assertRefused(await publish(`${HOST}/ttd/apps`), 401)
})
