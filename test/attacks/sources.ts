import assert from 'node:assert/strict'
import { exampleEvent } from '../../local/example.ts'
import { startApp, tokensOf } from '../support/app.ts'
import { assertRefused, countStored, type Status } from '../support/problems.ts'
import { createTestStores } from '../support/stores.ts'
import { attack, recordProblem, type Attack } from './attack.ts'
import { leakAttacks } from './secrets.ts'

export const HOST = 'https://ttd.apps.altinn.no'
export const OWN = '/ttd/apps-test'
export const INSTANCE = 'instances/50019855/428a4575-2c04-4400-89a3-1aaadd2579cd'

/** Sources that are invalid, or that parsers read differently. */
const malformed: [what: string, source: string][] = [
  ['has a dot segment', `${HOST}/ttd/./apps-test`],
  ['goes up', `${HOST}/ttd/x/../apps-test`],
  ['goes up into the app', `${HOST}/ttd/other/..${OWN}/..${OWN}`],
  ['goes up out of the app', `${HOST}${OWN}/../other`],
  ['goes up at its end', `${HOST}${OWN}/x/..`],
  ['goes up beyond the root', `${HOST}/..${OWN}`],
  ['has a dot segment at its end', `${HOST}${OWN}/.`],
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
  ['is a file', `file://ttd.apps.altinn.no${OWN}`],
  ['is a file without a host', `file://${OWN}`],
  ['is an ftp address', `ftp://ttd.apps.altinn.no${OWN}`],
  ['is a web socket', `wss://ttd.apps.altinn.no${OWN}`],
  ['is a script', `javascript:alert(1)//ttd.apps.altinn.no${OWN}`],
  ['is data', `data:text/plain,${OWN}`],
  ['is a urn', 'urn:altinn:ttd:apps-test'],
  ['is a blob', `blob:${HOST}${OWN}`],
  ['has no scheme', `ttd.apps.altinn.no${OWN}`],
  ['is relative to the scheme', `//ttd.apps.altinn.no${OWN}`],
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
  ['has a Cyrillic letter that looks like a Latin one', `${HOST}/ttd/аpps-test`],
  ['has full-width letters', `${HOST}/ｔｔｄ/apps-test`],
  ['has a full-width slash', `${HOST}／ttd／apps-test`],
  ['has full-width dots', `${HOST}${OWN}/．．/other`],
  ['has an invisible character', `${HOST}/ttd/apps\u200B-test`],
  ['has a host with a Norwegian letter', `https://ttd.apps.åltinn.no${OWN}`],
  ['has a host that ends at a full-width slash', `https://ttd.apps.altinn.no／.evil.example${OWN}`],
  ['has an invalid port', `https://ttd.apps.altinn.no:x${OWN}`],
  ['has a port too high', `https://ttd.apps.altinn.no:65536${OWN}`],
  ['has an encoded slash in the host', `https://ttd.apps.altinn%2fno${OWN}`],
  ['has an open bracket as its host', `https://[${OWN}`],
  ['has a percent sign that encodes nothing', `${HOST}${OWN}/%`],
  ['has half an encoded letter', `${HOST}${OWN}/%4`],
  ['has letters for a code', `${HOST}/ttd/%zz${OWN}`],
  ['has quotes', `${HOST}${OWN}/"x"`],
  ['has angle brackets', `${HOST}${OWN}/<x>`],
]

/** Sources of other apps. The publisher is apps-test unless `name` is given. */
const foreign: [what: string, source: string, name?: string][] = [
  ['names an app whose name begins with that of the publisher', `${HOST}/ttd/apps-test`, 'apps'],
  ['names an app with which the publisher begins', `${HOST}/ttd/apps/${INSTANCE}`],
  ['names an app with a longer name', `${HOST}/ttd/apps-test2/${INSTANCE}`],
  ['names another app', `${HOST}/ttd/other/${INSTANCE}`],
  ['names another org', `${HOST}/digdir/apps-test/${INSTANCE}`],
  ['names an org with a longer name', `${HOST}/ttdx/apps-test`],
  ['has the org in capitals', `${HOST}/TTD/apps-test`],
  ['has a capital in the app', `${HOST}/ttd/Apps-test`],
  ['has an encoded letter in the org', `${HOST}/%74td/apps-test`],
  ['has an encoded letter in the app', `${HOST}/ttd/apps%2dtest`],
  ['has a twice encoded slash', `${HOST}/ttd%252fapps-test`],
  ['has the app after another segment', `${HOST}/other${OWN}`],
  ['has org and app reversed', `${HOST}/apps-test/ttd`],
  ['has parameters after the app', `${HOST}${OWN};x=1/${INSTANCE}`],
  ['has parameters after the org', `${HOST}/ttd;x=1/apps-test`],
  ['has the app in its query only', `${HOST}/?x=${OWN}`],
  ['has the app in its query, no path', `${HOST}?${OWN}`],
  ['has the app in its fragment only', `${HOST}/#${OWN}`],
  ['has the app in its fragment, no path', `${HOST}#${OWN}`],
  ['has another app before its own in the query', `${HOST}/ttd/other?x=https://a.no${OWN}`],
  ['names no app', `${HOST}/ttd`],
  ['names no app after a slash', `${HOST}/ttd/`],
  ['has no path', HOST],
  ['has the app in its host only', `https://ttd.apps-test.apps.altinn.no/x/y`],
]

// Hosts that `*.apps.altinn.no`, local.altinn.cloud and localhost do not match.
const similarHosts = ['evilapps.altinn.no', 'apps.altinn.no', 'ttd-apps.altinn.no', 'evillocalhost']
const otherHosts = ['ttd.apps.altinn.no.evil.no', 'altinn.no', 'x.local.altinn.cloud', '[::1]']
const oddHosts = ['127.0.0.1', 'evil.example', 'ttd.apps.altinn.no.', '.apps.altinn.no']
const refusedHosts = [...similarHosts, ...otherHosts, ...oddHosts]

export type SourceFixture = Awaited<ReturnType<typeof startSourceFixture>>

/** Starts two apps on the same stores. `restricted` accepts only the hosts in SOURCE_HOSTS. */
export async function startSourceFixture() {
  const stores = await createTestStores()
  const hosts = { SOURCE_HOSTS: '*.apps.altinn.no, LOCAL.altinn.cloud,localhost' }
  const [app, restricted] = await Promise.all([
    startApp(stores, { functions: ['publish-event'] }),
    startApp(stores, { functions: ['publish-event'], settings: hosts }),
  ])
  /** Publishes an event with a source as the app ttd/`name`. */
  const publish = async (
    source: string,
    { to = app, name = 'apps-test' } = {},
  ): Promise<Response> => {
    const [, platform] = await tokensOf('ttd', name)
    return to.publish({ ...exampleEvent, source }, { PlatformAccessToken: platform })
  }
  const tokens = [await tokensOf('ttd', 'apps-test'), await tokensOf('ttd', 'apps')].flat()
  return {
    stores,
    app,
    restricted,
    tokens,
    publish,
    stop: () => Promise.all([app.stop(), restricted.stop()]),
  }
}

/** Attacks on POST /app by the source of an event. */
export function sourceAttacks({
  stores,
  app,
  restricted,
  tokens,
  publish,
}: SourceFixture): Attack[] {
  return [
    ...malformed.map(([what, source]) =>
      attack('source', what, 400, () => refusedStatus(publish(source), 400, /^"source" /)),
    ),
    ...foreign.map(([what, source, name = 'apps-test']) =>
      attack('source', what, 401, () =>
        refusedStatus(publish(source, { name }), 401, denialOf(source, name)),
      ),
    ),
    ...refusedHosts.map((host) =>
      attack('source', `is on ${host}, which SOURCE_HOSTS does not allow`, 401, () =>
        refusedStatus(
          publish(`https://${host}${OWN}`, { to: restricted }),
          401,
          denialOf(`https://${host}${OWN}`),
        ),
      ),
    ),
    attack(
      'source',
      'events stored and messages queued by all of these',
      '0 stored, 0 queued',
      async () => {
        const { stored, queued } = await countStored(stores)
        return `${stored} stored, ${queued} queued`
      },
    ),
    ...leakAttacks('source', app, tokens),
    ...leakAttacks('source', restricted, tokens),
  ]
}

const denialOf = (source: string, name = 'apps-test') =>
  `ttd/${name} is not authorized to create events for ${source}`

/** Returns the status of a refusal. Throws when its detail or its `errors` are not about the source. */
async function refusedStatus(
  answer: Promise<Response>,
  expected: Status,
  expectedDetail: RegExp | string,
): Promise<number> {
  const got = await recordProblem(answer)
  const { status } = got
  if (status !== expected) return status
  const { detail, errors } = await assertRefused(got, expected)
  if (typeof expectedDetail === 'string') assert.equal(detail, expectedDetail)
  else assert.match(detail, expectedDetail)
  for (const { pointer } of errors) assert.equal(pointer, '/source')
  return status
}
