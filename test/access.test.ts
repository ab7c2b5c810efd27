import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { startReceiver } from '../local/receiver.ts'
import { startApp } from './app.ts'
import { idsOf, readerOf } from './reader.ts'
import { documentAt, store } from './stored-events.ts'
import { assertProblem, clientOf, minutesAgo, people, tokenOf } from './subscriber.ts'
import { createWorld } from './world.ts'

const [world, receiver] = await Promise.all([createWorld(), startReceiver()])
after(() => receiver.stop())
const functions = ['publish-event', 'health', 'openapi']
functions.push('create-subscription', 'list-subscriptions')
functions.push('read-subscription', 'delete-subscription', 'rotate-secret', 'list-deliveries')
functions.push('retry-one-delivery', 'start-replay', 'read-replay', 'validate-subscription')
functions.push('read-app-events', 'read-party-events')
const app = await startApp(world, { functions }) // nothing is delivered here
after(app.stop)

const OWN = 'urn:altinn:resource:app_ttd_apps-test'
const tokens = {
  none: undefined,
  bad: 'abc',
  expired: await tokenOf(people.ttd, -60),
  ttd: await tokenOf(people.ttd),
  skd: await tokenOf(people.skd),
  user: await tokenOf(people.user),
  otherUser: await tokenOf(people.otherUser),
  systemUser: await tokenOf(people.systemUser),
  organisation: await tokenOf(people.organisation),
  nobody: await tokenOf(people.nobody),
}
type Kind = keyof typeof tokens
const owner = clientOf(app, tokens.ttd)
let hooks = 0
const hook = () => `${receiver.url}/${hooks++}` // each asks for another subscription
const event = '019b0000-0000-7000-8000-000000000000'

// What each route answers to each kind of token, in this order; `{id}` is a subscription of ttd's.
const kinds: Kind[] = ['none', 'bad', 'expired', 'ttd', 'skd', 'user', 'otherUser']
kinds.push('systemUser', 'organisation', 'nobody')
const OWNERS_ONLY = (status: number) => [401, 401, 401, status, 403, 403, 403, 403, 403, 400]
const routes: [method: string, path: string, body: object | undefined, statuses: number[]][] = [
  ['GET', '', undefined, [401, 401, 401, 200, 200, 200, 200, 200, 200, 400]],
  ['POST', '', { resourceFilter: OWN }, [401, 401, 401, 201, 403, 400, 400, 400, 400, 400]],
  ['GET', '/{id}', undefined, OWNERS_ONLY(200)],
  ['POST', '/{id}/secret', undefined, OWNERS_ONLY(200)],
  ['GET', '/{id}/deliveries', undefined, OWNERS_ONLY(200)],
  ['POST', `/{id}/deliveries/${event}/retry`, undefined, OWNERS_ONLY(404)],
  ['GET', '/{id}/replay', undefined, OWNERS_ONLY(404)],
  ['POST', '/{id}/replay', { only: 'dead', from: minutesAgo(1) }, OWNERS_ONLY(202)],
  ['DELETE', '/{id}', undefined, OWNERS_ONLY(200)],
  ['PUT', '/validate/{id}', undefined, kinds.map(() => 404)], // not offered: it happens inside
]
const isGood = ([, status]: [Kind, number]) => status < 400
const bodyFor = (path: string, body: object | undefined) =>
  path === '' && body !== undefined ? { endPoint: hook(), ...body } : body

describe('every route answers every kind of token as it should', async () => {
  const { id } = await owner.subscribed({ endPoint: hook(), resourceFilter: OWN })
  for (const [method, path, body, statuses] of routes)
    test(`${method} /subscriptions${path}`, async () => {
      const ask = async (kind: Kind, expected: number) => {
        const to = path.replace('{id}', String(id))
        const answer = await clientOf(app, tokens[kind]).call(method, to, bodyFor(path, body))
        if (expected >= 400 && method !== 'PUT') return assertProblem(answer, expected)
        return assert.equal(answer.status, expected, `${kind}: ${await answer.text()}`)
      }
      const pairs = kinds.map((kind, place): [Kind, number] => [kind, statuses[place] ?? 0])
      const [good, refused] = [pairs.filter(isGood), pairs.filter((pair) => !isGood(pair))]
      for (const pair of [...refused, ...good]) await ask(...pair) // the owner's DELETE is the last
    })

  test('POST /app asks for a good token of any kind, and for a platform token besides', async () => {
    const expected = { none: 401, bad: 401, expired: 401 }
    for (const kind of kinds) {
      const token = tokens[kind]
      const answer = await app.publish(undefined, {
        Authorization: token === undefined ? undefined : `Bearer ${token}`,
      })
      const status = kind in expected ? 401 : 201
      assert.equal(answer.status, status, kind)
    }
  })

  for (const path of ['/health', '/openapi.json'])
    test(`GET ${path} asks for no token`, async () => {
      const answers = kinds.map((kind) => {
        const token = tokens[kind]
        const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
        return fetch(app.api + path, { headers })
      })
      for (const answer of await Promise.all(answers))
        assert.ok([200, 503].includes(answer.status), String(answer.status))
    })
})

const routesOfOne: [method: string, rest: string, body?: object][] = [
  ['GET', ''],
  ['DELETE', ''],
  ['POST', '/secret'],
  ['GET', '/deliveries'],
  ['POST', `/deliveries/${event}/retry`],
  ['GET', '/replay'],
  ['POST', '/replay', { only: 'all', from: minutesAgo(1) }],
]
const oddIds = ['0', '-1', '1e3', 'abc', '99999999999', '2147483648', '1.0', '%31%00', '0x1']
for (const id of oddIds)
  test(`404 on every route of a subscription ${id}, whoever asks`, async () => {
    for (const [method, rest, body] of routesOfOne)
      for (const token of [tokens.ttd, tokens.user])
        await assertProblem(await clientOf(app, token).call(method, `/${id}${rest}`, body), 404)
  })

test("another's subscription is not in one's list, and stays as it is", async () => {
  const { id } = await owner.subscribed({ endPoint: hook(), resourceFilter: OWN })
  const before = await owner.read(id)
  const other = clientOf(app, tokens.skd)
  for (const [method, rest, body] of routesOfOne)
    await assertProblem(await other.call(method, `/${id}${rest}`, body), 403)
  assert.deepEqual(await owner.read(id), before)
  const { subscriptions } = await other.ask(200, 'GET', '')
  for (const each of subscriptions) assert.equal(each.consumer, '/org/skd')
})

// What each may subscribe to; everything else is refused.
const SKD = 'urn:altinn:resource:app_skd_melding'
const source = (org: string, name: string) => ({
  sourceFilter: `https://${org}.apps.altinn.no/${org}/${name}`,
})
const of = (resourceFilter: string, more: object = {}) => ({ resourceFilter, ...more })
const subject = (subjectFilter: string) => of(SKD, { subjectFilter })
const alternative = (alternativeSubjectFilter: string) => of(SKD, { alternativeSubjectFilter })
const about = 'A valid subject to the authenticated identity is required'
const not = (resource: string) => `Not authorized to create a subscription for resource ${resource}`
type Row = [who: Kind, what: string, filters: object, status: 201 | 400 | 403, detail?: string]
const wishes: Row[] = [
  ['ttd', 'its own app', of(OWN), 201],
  ['ttd', 'its own app in capitals', of(OWN.toUpperCase().replace('URN', 'urn')), 201],
  ['ttd', 'its own app by source', source('ttd', 'app'), 201],
  ['ttd', 'its own app and a party', of(OWN, { subjectFilter: '/party/1' }), 201],
  ['ttd', "another's app", of(SKD), 403, not(SKD)],
  ['ttd', "another's app by source", source('skd', 'melding'), 403, not(SKD)],
  [
    'ttd',
    "another's app on its own host",
    { sourceFilter: 'https://ttd.apps.altinn.no/skd/x' },
    403,
  ],
  ['ttd', 'an app of an org whose name begins alike', of('urn:altinn:resource:app_ttd2_x'), 403],
  ['ttd', 'an app of an org whose name begins it', of('urn:altinn:resource:app_tt_x'), 403],
  ['ttd', 'all of its apps', of('urn:altinn:resource:app_ttd'), 403],
  ['ttd', 'its app after something else', of('urn:x:urn:altinn:resource:app_ttd_x'), 403],
  ['ttd', 'a resource that is no app', of('urn:altinn:resource:ttd'), 403],
  ['ttd', 'a party', subject('/party/50019855'), 403, not(SKD)],
  ['ttd', 'itself elsewhere', alternative('/organisation/991825827'), 201],
  ['ttd', 'itself elsewhere, as clients write it', alternative('/org/991825827'), 201],
  ['ttd', 'another organisation elsewhere', alternative('/organisation/991825828'), 403],
  ['skd', "another's app", of(OWN), 403, not(OWN)],
  ['user', 'its party', subject('/party/50019855'), 201],
  ['user', 'itself as a person', alternative('/person/01017512345'), 201],
  [
    'user',
    'its party, one type',
    of(OWN, { subjectFilter: '/party/50019855', typeFilter: 't' }),
    201,
  ],
  ['user', 'its party by source', { ...source('skd', 'm'), subjectFilter: '/party/50019855' }, 201],
  ['user', 'another party', subject('/party/50019856'), 403, not(SKD)],
  ['user', 'a party whose number begins alike', subject('/party/500198551'), 403],
  ['user', 'its party with a slash', subject('/party/50019855/'), 403],
  ['user', 'its party in capitals', subject('/PARTY/50019855'), 403],
  ['user', 'another person', alternative('/person/02017512345'), 403],
  ['user', 'an organisation', alternative('/organisation/991825827'), 403],
  ['user', 'an app as a whole', of(OWN), 400, about],
  ['user', 'a type of an app', of(OWN, { typeFilter: 'app.instance.created' }), 400, about],
  ['systemUser', 'its organisation', alternative('/organisation/312345678'), 201],
  ['systemUser', 'its organisation, as clients write it', alternative('/org/312345678'), 201],
  ['systemUser', 'another organisation', alternative('/organisation/991825827'), 403],
  ['systemUser', 'an app as a whole', of(OWN), 400, about],
  ['organisation', 'itself', alternative('/organisation/912345678'), 201],
  ['organisation', 'itself, as clients write it', alternative('/org/912345678'), 201],
  ['organisation', 'another organisation', alternative('/org/312345678'), 403],
  ['organisation', 'a party', subject('/party/912345678'), 403],
  ['organisation', 'an app as a whole', of(OWN), 400, about],
  ['nobody', 'an app', of(OWN), 400, 'Missing event consumer'],
  ['nobody', 'a party', subject('/party/50019855'), 400, 'Missing event consumer'],
]
describe('who may subscribe to what', { concurrency: 4 }, () => {
  for (const [who, what, filters, status, detail] of wishes)
    test(`${who}, ${what}: ${status}`, async () => {
      const answer = await clientOf(app, tokens[who]).call('POST', '', {
        endPoint: hook(),
        ...filters,
      })
      if (status === 201) return assert.equal(answer.status, 201, await answer.text())
      const said = await assertProblem(answer, status)
      if (detail !== undefined) assert.equal(said, detail)
    })
})

// What each may read: the documents of these apps, about these subjects.
const A_MINUTE_AGO = Date.now() - 60_000
const person1 = { subject: '/party/50019855', alternativesubject: '/person/01017512345' }
const person2 = { subject: '/party/50019856', alternativesubject: '/person/02017512345' }
const company = { subject: '/party/70', alternativesubject: '/org/312345678' }
const ttdItself = { subject: '/party/71', alternativesubject: '/organisation/991825827' }
const read = {
  ttd1: documentAt(A_MINUTE_AGO, { app: 'read', ...person1 }),
  ttd2: documentAt(A_MINUTE_AGO + 1, { app: 'read', ...person2 }),
  ttd3: documentAt(A_MINUTE_AGO + 2, { app: 'read', ...company }),
  ttd2x: documentAt(A_MINUTE_AGO + 3, { org: 'ttd2', app: 'read', ...person1 }),
  skd1: documentAt(A_MINUTE_AGO + 4, { org: 'skd', app: 'read', ...person1 }),
  skd2: documentAt(A_MINUTE_AGO + 5, { org: 'skd', app: 'read', ...ttdItself }),
}
await store(world, Object.values(read))
type Stored = keyof typeof read

const ALL_TTD: Stored[] = ['ttd1', 'ttd2', 'ttd3']
const ONLY_ORGS = 'Only orgs can call this api'
const NOT_TTD = 'Not authorized to read events of the apps of ttd'
const NOT_ABOUT = 'Not authorized to read events about this subject'
const SUBJECT =
  'Subject must be specified using either query params party or unit or header value person.'
/** `person` goes into the header; what is expected are documents, or a status and, perhaps, its `detail`. */
type Reading = [
  who: Kind,
  address: string,
  person: string,
  expected: Stored[] | [status: 400 | 401 | 403, detail?: string],
]
const readings: Reading[] = [
  // an app's events: its owner's, whatever narrows them
  ['none', 'ttd/read?after=1', '', [401]],
  ['bad', 'ttd/read?after=1', '', [401]],
  ['expired', 'ttd/read?after=1', '', [401]],
  ['ttd', 'ttd/read?after=1', '', ALL_TTD],
  ['skd', 'ttd/read?after=1', '', [403, NOT_TTD]],
  ['user', 'ttd/read?after=1', '', [401, ONLY_ORGS]],
  ['otherUser', 'ttd/read?after=1', '', [401, ONLY_ORGS]],
  ['systemUser', 'ttd/read?after=1', '', [401, ONLY_ORGS]],
  ['organisation', 'ttd/read?after=1', '', [401, ONLY_ORGS]],
  ['nobody', 'ttd/read?after=1', '', [401, ONLY_ORGS]],
  ['ttd', 'ttd/read?after=1&party=50019855', '', ['ttd1']],
  ['ttd', 'ttd/read?after=1&unit=312345678', '', ['ttd3']],
  ['ttd', 'ttd/read?after=1', '02017512345', ['ttd2']],
  ['ttd', 'ttd/read?after=1&source=https://skd.%25,%25', '', ALL_TTD],
  ['ttd', 'ttd/read?after=1&source=%25/skd/%25&type=%25', '', []],
  ['ttd', 'ttd/read?after=1&org=skd&resource=urn:altinn:resource:app_skd_read', '', ALL_TTD],
  ['ttd', 'ttd/%25?after=1', '', []],
  ['ttd', 'ttd/rea%25?after=1', '', []],
  ['ttd', 'ttd/read%20OR%201=1?after=1', '', []],
  ['ttd', 'ttd/other?after=1', '', []],
  ['skd', 'skd/read?after=1', '', ['skd1', 'skd2']],
  ['ttd', 'skd/read?after=1', '', [403]],
  ['ttd', 'skd/read?after=1&unit=991825827', '', [403]], // not even about itself: that is app/party
  ['user', 'ttd/read?after=1&party=50019855', '', [401, ONLY_ORGS]],
  ['user', 'ttd/read?after=1', '01017512345', [401, ONLY_ORGS]],
  ['ttd', 'ttd2/read?after=1', '', [403]],
  ['ttd', 'tt/read?after=1', '', [403]],
  ['ttd', 'TTD/read?after=1', '', [403]],
  ['ttd', 'ttd%20/read?after=1', '', [403]],
  ['ttd', '%25/read?after=1', '', [403]],
  ['ttd', 'ttd%2Fskd/read?after=1', '', [403]],
  ['skd', 'ttd/read', '', [403, NOT_TTD]], // who may not read is not told what is wrong
  // events about somebody: one's own, whatever the app
  ['none', 'party?after=1&party=50019855', '', [401]],
  ['bad', 'party?after=1&party=50019855', '', [401]],
  ['expired', 'party?after=1&party=50019855', '', [401]],
  ['user', 'party?after=1&party=50019855', '', ['ttd1', 'ttd2x', 'skd1']],
  ['user', 'party?after=1', '01017512345', ['ttd1', 'ttd2x', 'skd1']],
  ['user', 'party?after=1&party=50019855&source=%25/skd/%25,https://skd.%25', '', ['skd1']],
  ['user', 'party?after=1', '', [400, SUBJECT]],
  ['user', 'party?after=1&party=0', '', [400, SUBJECT]],
  ['user', 'party?after=1&party=50019856', '', [403, NOT_ABOUT]],
  ['user', 'party?after=1&party=500198551', '', [403, NOT_ABOUT]],
  ['user', 'party?after=1&party=050019855', '', [403, NOT_ABOUT]],
  ['user', 'party?after=1', '02017512345', [403, NOT_ABOUT]],
  ['user', 'party?after=1&unit=312345678', '', [403, NOT_ABOUT]],
  ['user', 'party?after=1&party=50019856&party=50019855', '', [403, NOT_ABOUT]],
  ['user', 'party?after=1&party=50019855&party=50019856', '', ['ttd1', 'ttd2x', 'skd1']],
  ['user', 'party?after=1&party=50019855,50019856', '', [400]],
  ['user', 'party?after=1&party=%25', '', [400]],
  ['user', 'party?after=1&party=5001985%25', '', [400]],
  ['user', 'party?after=1&party=50019855&unit=312345678', '', [400]],
  ['user', 'party?after=1&party=50019855', '02017512345', [400]],
  ['user', 'party?after=1&unit=312345678', '01017512345', [400]],
  ['otherUser', 'party?after=1&party=50019856', '', ['ttd2']],
  ['otherUser', 'party?after=1&party=50019855', '', [403, NOT_ABOUT]],
  ['systemUser', 'party?after=1&unit=312345678', '', ['ttd3']],
  ['systemUser', 'party?after=1&unit=991825827', '', [403, NOT_ABOUT]],
  ['systemUser', 'party?after=1&party=70', '', [403, NOT_ABOUT]], // no register says that it is
  ['organisation', 'party?after=1&unit=912345678', '', []],
  ['organisation', 'party?after=1&unit=312345678', '', [403, NOT_ABOUT]],
  ['ttd', 'party?after=1&unit=991825827', '', ['skd2']],
  ['ttd', 'party?after=1&party=50019855', '', [403, NOT_ABOUT]],
  ['ttd', 'party?after=1&party=50019855&source=https://ttd.%25', '', [403, NOT_ABOUT]],
  ['skd', 'party?after=1&unit=974761076', '', []],
  ['skd', 'party?after=1&unit=991825827', '', [403, NOT_ABOUT]],
  ['nobody', 'party?after=1&party=50019855', '', [403, NOT_ABOUT]],
  ['nobody', 'party?after=1', '01017512345', [403, NOT_ABOUT]],
]
describe('who may read what', { concurrency: 4 }, () => {
  for (const [who, address, person, expected] of readings)
    test(`${who}, ${address}, person ${person}: ${expected.join(', ')}`, async () => {
      const reader = readerOf(app, tokens[who], person)
      const [status, detail] = expected
      if (typeof status === 'number') {
        const said = await assertProblem(await reader.get(address), status)
        if (detail !== undefined) assert.equal(said, detail)
        return
      }
      const ids = new Set(idsOf(Object.values(read))) // other tests publish too, about the same people
      const given = idsOf((await reader.pages(address)).flat()).filter((id) => ids.has(id))
      const names = Object.entries(read).filter(([, { id }]) => given.includes(id))
      assert.deepEqual([names.map(([name]) => name), given.length], [expected, expected.length])
    })
})

const claims: [what: string, claims: object, status: 201 | 400][] = [
  ['an org that is a path', { 'urn:altinn:org': 'ttd/../skd' }, 400],
  ['an org that is a list', { 'urn:altinn:org': ['ttd'] }, 400],
  ['an org without a name', { 'urn:altinn:org': '' }, 400],
  ['a user that is an object', { 'urn:altinn:userid': { id: 1 } }, 400],
  [
    'a system user without an id',
    { authorization_details: [{ type: 'urn:altinn:systemuser' }] },
    400,
  ],
  ['details that are no list', { authorization_details: { type: 'urn:altinn:systemuser' } }, 400],
]
for (const [what, odd, status] of claims)
  test(`${status} for a token with ${what}`, async () => {
    const client = clientOf(app, await tokenOf({ ...people.nobody, ...odd }))
    assert.equal(
      await assertProblem(await client.call('GET', ''), status),
      'Missing event consumer',
    )
  })
